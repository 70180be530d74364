"""Tests for migrate.translating.mode_conditions: one forward pass for all modes, as text."""

import ast

import pytest

from migrate.translating import mode_conditions
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.statements import Statement

_MODES = {"t": "train", "e": "eval", "p": "infer"}


def _statements(*lines: str) -> list[Statement]:
    """Statements from "te: x = y": the modes, and the source."""
    made = []
    for line in lines:
        modes, _, source = line.partition(": ")
        made.append(Statement(ast.parse(source).body[0], frozenset(_MODES[one] for one in modes)))
    return made


def _written(*lines: str, outputs: tuple[str, ...] = ("y",)) -> str:
    wanted = {mode: set(outputs) for mode in _MODES.values()}
    statements = _statements(*lines)
    return "\n".join(mode_conditions.lines(statements, wanted, outputs, "model.py"))


def test_what_all_modes_run_has_no_condition() -> None:
    assert _written("tep: y = f(x)") == "y = f(x)"


def test_another_value_in_training_has_two_branches() -> None:
    written = _written("t: noise = g(x)", "t: x = x + noise", "ep: x = h(x)", "tep: y = f(x)")
    assert written == (
        "if training:\n    noise = g(x)\n    x = x + noise\nelse:\n    x = h(x)\ny = f(x)"
    )


def test_what_other_modes_do_not_read_has_no_condition() -> None:
    assert _written("tep: y = f(x)", "ep: z = g(y)") == "y = f(x)\nz = g(y)"


def test_what_reads_a_value_under_a_condition_is_under_it() -> None:
    written = _written("tep: y = f(x)", "ep: y = g(y)", "ep: shown = y", "tep: y = f(y)")
    assert written == "y = f(x)\nif not training:\n    y = g(y)\nshown = y\ny = f(y)"


def test_two_values_outside_of_training_are_refused() -> None:
    with pytest.raises(Refusal, match="has another value by this name; expected the same forward"):
        _written("tep: y = f(x)", "p: y = g(y)")


def test_an_output_of_training_alone_is_refused() -> None:
    with pytest.raises(Refusal, match="the forward pass has `y` in some modes only"):
        _written("t: y = f(x)")


def test_a_list_that_a_loop_fills_is_written() -> None:
    assert _written("tep: y = []", "tep: y.append(x)") == "y = []\ny.append(x)"
