"""Argument types of the commands."""

import argparse

import pytest

from migrate.commands.argument_types import positive


def test_a_positive_integer() -> None:
    assert positive("12") == 12


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as raised:
        positive(text)
    assert str(raised.value) == f"({text}) must be a positive integer"
