"""Runs the command in a process of its own, as a user does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(*arguments: object, path: object = "") -> subprocess.CompletedProcess[str]:
    """Runs `python -m estimator_compat` with arguments; `path` goes on Python's path."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": f"{ROOT}:{path}"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    return subprocess.run(
        [sys.executable, "-m", "estimator_compat", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


def printed(program: str, folder: Path, *flags: str, path: object = "") -> list[str]:
    """The lines that a legacy program prints; it must end well."""
    script = folder / "program.py"
    script.write_text(program)
    done = run("run", *flags, script, path=path)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()
