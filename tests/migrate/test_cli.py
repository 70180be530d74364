"""The `migrate` command line, as a process: it prints its help without importing TensorFlow."""

import pytest

from tests.recording.commands import migrate

pytestmark = pytest.mark.subprocess


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["bare", "help"])
def test_help_names_the_rungs_and_the_next_command(arguments: tuple[str, ...]) -> None:
    result = migrate(*arguments)
    assert result.returncode == 0
    assert "three rungs" in result.stdout
    assert result.stdout.endswith("Start with: migrate translate, and: estimator-train --help\n")


def test_unknown_argument_is_exit_code_2() -> None:
    result = migrate("--frobnicate")
    assert result.returncode == 2
    assert "unrecognized arguments: --frobnicate" in result.stderr


def test_a_mistyped_option_names_the_command_and_the_option() -> None:
    result = migrate("ledger", "model.py:model_fn", "--parms=rate=1")
    assert result.returncode == 2
    assert result.stderr.startswith("usage: migrate ledger")
    assert result.stderr.endswith("arguments: --parms=rate=1; did you mean --params?\n")
