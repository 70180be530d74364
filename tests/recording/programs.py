"""Runs a program under a given Python, in a separate process, and reads the JSON it writes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# What a Python without this project's TensorFlow must not inherit: TensorFlow 2.15 breaks with the
# first; the second leads to another Python's packages; the third, which TensorFlow 2 sets where it
# is imported, gives TensorFlow 1.15.5 the variables and the control flow of TensorFlow 2.
OURS = ("TF_USE_LEGACY_KERAS", "PYTHONPATH", "TF2_BEHAVIOR")


def run(
    what: str, python: Sequence[str], module: str, *arguments: str, foreign: bool = False
) -> dict[str, Any]:
    """Returns what `python -m MODULE ARGUMENTS --out=FILE` writes to FILE.

    Args:
        what: The program in words, for the error.
        python: The command that starts Python.
        module: The module to run; it takes `--out`.
        *arguments: What else it is given.
        foreign: Whether it is the Python of another environment than this one's.

    Raises:
        RuntimeError: With the end of its stderr, if the program fails.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if foreign:
        environment = {name: value for name, value in environment.items() if name not in OURS}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        result = subprocess.run(
            [*python, "-m", module, *arguments, "--out", str(out)],
            cwd=str(ROOT),
            env=environment,
            capture_output=True,
        )
        if result.returncode:
            raise RuntimeError(
                f"{what} exited with {result.returncode}; it was expected to finish; "
                f"its stderr ends:\n{result.stderr.decode()[-4000:]}"
            )
        return json.loads(out.read_text())
