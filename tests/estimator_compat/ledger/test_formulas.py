"""Formulas as text; test_values.py has those of whole terms."""

from typing import Any

import pytest

from estimator_compat.ledger.formulas import applied, is_compound, shortened, sum_of
from estimator_compat.ledger.steps import LossStep, Operation, Role


def step(operation: Operation, operand: str = "", **changes: Any) -> LossStep:
    return LossStep(operation=operation, operand=operand, **changes)


ONCE = step(Operation.MULTIPLY, "1", value=1.0)
TWICE = step(Operation.MULTIPLY, "2", value=2.0)
SUM, MEAN = step(Operation.SUM), step(Operation.MEAN)
BY_SIZE = step(Operation.DIVIDE_NO_NAN, "size", role=Role.SIZE)
NEGATE = step(Operation.NEGATE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", False),
        ("a + b", True),
        ("(a + b)", False),
        ("f(a, b)", False),
        ("l[batch, 5]", False),
        ("(a + b) * c", True),
        ("a * (b + c)[0]", True),
    ],
)
def test_an_operator_outside_of_all_parentheses(text: str, expected: bool) -> None:
    assert is_compound(text) is expected


@pytest.mark.parametrize(
    ("parts", "text"),
    [("a", "a"), ("ab", "(a + b)"), ("abc", "(a + b + c)"), ("abcd", "(a + ... 2 more ... + d)")],
)
def test_a_sum(parts: str, text: str) -> None:
    assert sum_of(list(parts)) == text


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((ONCE, SUM, ONCE), (SUM,)),
        ((TWICE, SUM), (TWICE, SUM)),
        ((TWICE, SUM, BY_SIZE, NEGATE), (TWICE, MEAN, NEGATE)),
        ((SUM, SUM, BY_SIZE), (SUM, SUM, BY_SIZE)),  # which of the two is not known
        ((SUM, step(Operation.DIVIDE_NO_NAN, "n")), (SUM, step(Operation.DIVIDE_NO_NAN, "n"))),
    ],
)
def test_shortened(steps: tuple[LossStep, ...], expected: tuple[LossStep, ...]) -> None:
    assert shortened(steps) == expected


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((), "l"),
        ((step(Operation.CAST, dtype="float32"),), "l"),
        ((NEGATE,), "-l"),
        ((NEGATE, NEGATE), "l"),
        ((TWICE,), "2 * l"),
        ((NEGATE, TWICE), "-2 * l"),
        ((step(Operation.MULTIPLY, "a + b"),), "(a + b) * l"),
        ((step(Operation.DIVIDE, "n"),), "l / n"),
        ((step(Operation.DIVIDE_NO_NAN, "n + 1"),), "l / (n + 1)"),
        ((step(Operation.HALF_SQUARE),), "l**2 / 2"),
        ((TWICE, step(Operation.HALF_SQUARE)), "(2 * l)**2 / 2"),
        ((step(Operation.KEEP_WHERE, "mask"),), "where(mask, l, 0)"),
        ((step(Operation.STOP_GRADIENT),), "stop_gradient(l)"),
        ((SUM,), "sum(l)"),
        ((step(Operation.SUM, axes=(0,)), MEAN), "mean(sum(l, axis=0))"),
        ((step(Operation.MEAN, axes=(0, 1)),), "mean(l, axis=[0, 1])"),
        ((SUM, step(Operation.SUM, axes=())), "sum(sum(l))"),
    ],
)
def test_steps_around_a_text(steps: tuple[LossStep, ...], text: str) -> None:
    assert applied(steps, "l") == text
