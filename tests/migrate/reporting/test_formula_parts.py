"""The pieces of a formula."""

import os

import pytest

from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from migrate.reporting import formula_parts
from migrate.reports.loss_values import Role
from tests.migrate.reporting.ledgers import MEAN, NONZERO, SUM, WEIGHTS, line, term

PENALTY = LossTerm(
    name="l2",
    kind=Kind.REGULARIZATION,
    op="l2",
    tensors=("k:0", "b:0"),
    shape=(),
    variables=("dense/kernel", "dense/bias"),
    steps=(LossStep(operation=Operation.MULTIPLY, operand="0.5", value=0.5),),
)
OPAQUE = LossTerm(name="o", kind=Kind.OPAQUE, op="f(x) + g", tensors=(), shape=None, stopped_by="f")
TERMS = [
    NONZERO,
    term(MEAN),
    term(WEIGHTS, MEAN, LossStep(operation=Operation.NEGATE)),
    term(SUM, op="a - b"),
    term(WEIGHTS, SUM, op="\ue100\ue101 <b>"),
    PENALTY,
    OPAQUE,
]


@pytest.mark.parametrize("each", TERMS)
def test_the_pieces_are_the_formula(each: LossTerm) -> None:
    assert "".join(part.text for part in formula_parts.of_term(each, {})) == each.formula


def test_the_pieces_of_a_ledger_are_its_formula() -> None:
    minus = term(MEAN, LossStep(operation=Operation.NEGATE))
    ledger = LossLedger(loss="l", dtype="float32", terms=(NONZERO, minus, PENALTY))
    assert "".join(part.text for part in formula_parts.of_ledger(ledger, {})) == ledger.formula


def test_roles() -> None:
    parts = formula_parts.of_term(NONZERO, {})
    assert [(part.text, part.role) for part in parts if part.role is not Role.TEXT] == [
        ("sum", Role.REDUCTION),
        ("features['w']", Role.WEIGHTS),
        ("l[batch]", Role.LOSSES),
        ("count(features['w'] != 0)", Role.DIVISOR),
    ]
    penalty = formula_parts.of_term(PENALTY, {})
    assert [part.role for part in penalty if part.role is not Role.TEXT] == [
        Role.FACTOR,
        Role.PENALTY,
    ]


def test_lines() -> None:
    total = LossStep(operation=Operation.SUM, line=line(7))
    found = formula_parts.places_of(term(WEIGHTS, total, line=line(5)))
    path = os.path.abspath("model.py")
    assert found == {(path, 5): [Role.LOSSES], (path, 7): [Role.REDUCTION]}
    anchors = {(path, 5): "here"}
    parts = formula_parts.of_term(term(WEIGHTS, total, line=line(5)), anchors)
    assert {part.role: part.anchor for part in parts if part.role is not Role.TEXT} == {
        Role.REDUCTION: "",
        Role.WEIGHTS: "",
        Role.LOSSES: "here",
    }


def test_one_call_has_all_parts() -> None:
    """The line of weights is not known, and all others are the same: `tf.losses` was called."""
    total = LossStep(operation=Operation.SUM, line=line(5))
    found = formula_parts.places_of(term(WEIGHTS, total, line=line(5)))
    assert list(found.values()) == [[Role.LOSSES, Role.WEIGHTS, Role.REDUCTION]]
