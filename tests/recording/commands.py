"""The command lines, each run in a separate process, as a user does."""

import os
import subprocess
import sys
from pathlib import Path

from tests.recording import pythons

ROOT = pythons.ROOT


def estimator_compat(*arguments: object, path: object = "") -> subprocess.CompletedProcess[str]:
    """Runs `python -m estimator_compat` with arguments; `path` goes on Python's path."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": f"{ROOT}:{path}"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    return subprocess.run(
        [*pythons.with_tensorflow(), "-m", "estimator_compat", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


def printed(program: str, folder: Path, *flags: str, path: object = "") -> list[str]:
    """The lines that a legacy program prints under the facade; it must end well."""
    script = folder / "program.py"
    script.write_text(program)
    done = estimator_compat("run", *flags, script, path=path)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def migrate(
    *arguments: str, cwd: Path = ROOT, fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m migrate`.

    Args:
        *arguments: What follows on the command line.
        cwd: The current folder of the process.
        fresh: Whether Python itself starts: slower, and only so the process decides what
            TensorFlow writes to stderr when it is imported.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_USE_LEGACY_KERAS"):
        environment.pop(name, None)
    python = (sys.executable,) if fresh else pythons.with_tensorflow()
    return subprocess.run(
        [*python, "-m", "migrate", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
    )
