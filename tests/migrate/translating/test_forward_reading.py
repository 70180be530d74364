"""Tests for migrate.translating.forward_reading: what is the model's, and what it returns."""

import ast

from migrate.translating import forward_reading
from migrate.translating.source_reader.statements import Statement

_MODES = frozenset(("train", "eval", "infer"))


def _split(*lines: str, wanted: str) -> tuple[list[str], tuple[str, ...]]:
    statements = [Statement(ast.parse(one).body[0], _MODES) for one in lines]
    found = forward_reading.split(statements, {mode: {wanted} for mode in _MODES})
    return [ast.unparse(one.node) for one in found.statements], found.outputs


def test_a_sum_is_the_models_with_all_that_it_adds_up() -> None:
    lines = [
        "x = self.table(features)",
        "pairs = f(x)",
        "second = g(pairs)",
        "deep = self.dense(x)",
        "y = deep + second",
    ]
    # Without `pairs` and `second`, the model would return `x` and `deep`, which is one more.
    assert _split(*lines, wanted="y") == (lines, ("y",))


def test_what_reads_the_labels_is_not_the_models() -> None:
    lines = ["x = self.dense(features)", "error = x - labels", "y = f(x, error)"]
    assert _split(*lines, wanted="y") == (lines[:1], ("x",))


def test_an_input_that_is_changed_between_layers_is_changed_in_the_model() -> None:
    lines = [
        "x = features['x']",
        "first = self.table * x",
        "x = f(x)",
        "second = g(self.rows, x)",
        "third = h(second, x)",
        "y = first + third",
    ]
    assert _split(*lines, wanted="y") == (lines, ("y",))
