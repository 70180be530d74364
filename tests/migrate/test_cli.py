"""The `migrate` command line, as a process: what it prints, and that TensorFlow stays out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def migrate(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_USE_LEGACY_KERAS"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "migrate", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
    )


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["bare", "help"])
def test_help_names_the_rungs_and_the_next_command(arguments: tuple[str, ...]) -> None:
    result = migrate(*arguments)
    assert result.returncode == 0
    assert "three rungs" in result.stdout
    assert result.stdout.endswith("Start with: migrate verify, and: estimator-train --help\n")


def test_unknown_argument_is_exit_code_2() -> None:
    result = migrate("--frobnicate")
    assert result.returncode == 2
    assert "unrecognized arguments: --frobnicate" in result.stderr
