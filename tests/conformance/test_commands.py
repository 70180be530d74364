"""Every module of `migrate.commands` that runs is a command, and `migrate --help` teaches it."""

import argparse
import importlib
import pkgutil

import pytest

from migrate import cli, commands

# Modules that commands share.
SHARED = {"argument_types", "error_hints", "progress", "target_arguments"}


def test_every_module_is_a_command_or_is_shared() -> None:
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert modules == {*commands.catalogue(), *SHARED}


@pytest.mark.parametrize("name", commands.catalogue())
def test_a_command_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = importlib.import_module(f"migrate.commands.{name}")
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for taught in (command.DESCRIPTION, "exit status:\n  0  ", "examples:\n", f"  migrate {name}"):
        assert taught.strip() in text
    assert f"    {name}" in cli.parser().format_help()
    assert command.HELP in " ".join(cli.parser().format_help().split())


def test_arguments_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name, command in commands.catalogue().items():
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        actions = [action for action in parser._actions if action.option_strings]
        missing = [a.dest for a in actions if not a.help and not a.choices]
        assert missing == [], name
