"""Tests for migrate.translating.mode_values."""

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.translating import mode_values
from migrate.translating.source_reader.statements import Statement

_MODES = frozenset(("train", "eval", "infer"))


def _split(*lines: str) -> dict[str, list[str]]:
    statements = [Statement(ast.parse(one).body[0], _MODES) for one in lines]
    flat: Any = SimpleNamespace(statements=list(statements), facts={}, values={})
    made = mode_values.split(flat, statements)
    assert flat.statements == made
    return {
        mode: [ast.unparse(ast.fix_missing_locations(s.node)) for s in made if mode in s.modes]
        for mode in ("train", "eval")
    }


@pytest.mark.parametrize(
    ("source", "train", "evaluation"),
    [
        ("x = 0.1 if training else 0.0", ["x = 0.1"], ["x = 0.0"]),
        ("x = 0.1 if not training or p else 0.0", ["x = 0.1 if p else 0.0"], ["x = 0.1"]),
        ("x = f(training and p)", ["x = f(p)"], ["x = f(False)"]),
        ("if training: x = 1", ["x = 1"], []),
        ("if p:\n    if training: x = 1", ["if p:\n    x = 1"], ["if p:\n    pass"]),
        ("x = f(y)", ["x = f(y)"], ["x = f(y)"]),
    ],
)
def test_a_statement_in_each_mode(source: str, train: list[str], evaluation: list[str]) -> None:
    assert _split(source) == {"train": train, "eval": evaluation}


def test_a_name_for_the_mode_until_it_is_another() -> None:
    found = _split("a = not training", "x = 1 if a else 2", "a = g()", "y = 1 if a else 2")
    assert found["train"][1::2] == ["x = 2", "y = 1 if a else 2"]
    assert found["eval"][1::2] == ["x = 1", "y = 1 if a else 2"]
