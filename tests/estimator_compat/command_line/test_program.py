"""The end of a run: its message on stderr, and its exit status."""

import sys

import pytest

from estimator_compat.command_line import program


@pytest.fixture
def run(monkeypatch):
    """Runs the program `mine`, which cannot read its settings."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/mine"])

    def run(error):
        def read_settings():
            raise error

        with pytest.raises(SystemExit) as stopped:
            program.run(read_settings)
        return stopped.value.code

    return run


def test_a_mistake(run, capsys):
    assert run(KeyError("labels")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("mine: KeyError: 'labels' (test_program.py, line ")


def test_an_interruption(run, capsys):
    assert run(KeyboardInterrupt()) == 130
    said = capsys.readouterr()
    assert (said.out, said.err.partition(";")[0]) == (
        "",
        "Interrupted before the first checkpoint",
    )


def test_a_pipe_that_is_the_programs_own(run, capsys):
    """Stdout has a reader, so the error is one like any other."""
    assert run(BrokenPipeError("mine")) == 2
    assert capsys.readouterr().err.startswith("mine: BrokenPipeError: mine")
