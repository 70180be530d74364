"""Removes TensorFlow's own lines from the stderr of a process."""

import re

# TensorFlow 2.17 to 2.20 write these when the first session opens, whatever level is asked for.
_TENSORFLOWS = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\) is called"
    r"|I0000 .*MLIR V1 optimization pass is not enabled"
)


def own_lines(stderr: str) -> list[str]:
    """Returns the lines without the two that some releases of TensorFlow always write."""
    return [line for line in stderr.splitlines() if not _TENSORFLOWS.match(line)]
