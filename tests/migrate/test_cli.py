"""The `migrate` command line, as a process: what it prints, and that TensorFlow stays out."""

import subprocess
import sys

import pytest


def _migrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrate", *arguments], capture_output=True, text=True
    )


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["bare", "help"])
def test_help_names_the_rungs_and_the_next_command(arguments: tuple[str, ...]) -> None:
    result = _migrate(*arguments)
    assert result.returncode == 0
    assert "three rungs" in result.stdout
    assert result.stdout.rstrip().endswith("Start with: estimator-train --help")


def test_unknown_argument_is_exit_code_2() -> None:
    result = _migrate("--frobnicate")
    assert result.returncode == 2
    assert "unrecognized arguments: --frobnicate" in result.stderr
