"""Disagreements of ledgers that were read with measured ones."""

import dataclasses
from typing import Any

import pytest

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from migrate.ledger_reading.comparison import disagreements

MEAN = LossStep(operation=Operation.MEAN)
SUM = LossStep(operation=Operation.SUM)
WEIGHTS = LossStep(operation=Operation.MULTIPLY, operand="w", scalar=False)
TENTH = LossStep(operation=Operation.MULTIPLY, operand="0.1", value=0.1)
BATCH = LossStep(operation=Operation.DIVIDE, operand="n", role=Role.BATCH)


def term(*steps: LossStep, **fields: Any) -> LossTerm:
    given = {"name": "l", "kind": Kind.DATA, "op": "hinge", "tensors": (), "shape": None}
    return LossTerm(**{**given, "steps": steps, **fields})


def ledger(*terms: LossTerm) -> LossLedger:
    return LossLedger(loss="loss", dtype="float32", terms=terms)


PENALTY = term(kind=Kind.REGULARIZATION, op="l2", variables=("a", "b"))
ANY_PENALTY = dataclasses.replace(PENALTY, variables=())
OPAQUE = term(kind=Kind.OPAQUE, op="f(x)", stopped_by="`f(x)`: it is not known")
BATCHES = term(SUM, BATCH, axes=("batch",))

AGREE = [
    (ledger(term(MEAN)), ledger(term(MEAN))),
    (ledger(term(MEAN), ANY_PENALTY), ledger(term(MEAN), PENALTY)),
    (ledger(OPAQUE), ledger(term(MEAN), term(SUM, op="huber"))),
    (ledger(OPAQUE), ledger()),
    (ledger(term(MEAN), OPAQUE), ledger(term(MEAN), PENALTY)),
    (ledger(term(MEAN, op="a + b")), ledger(term(MEAN, op="Add"))),
    (ledger(term(SUM, BATCH)), ledger(BATCHES)),  # the axes are not known, nor the reduction
    (ledger(term(MEAN)), ledger(term(kind=Kind.CONSTANT, op="0"), term(MEAN))),
]
DISAGREE = [
    (
        ledger(term(MEAN)),
        ledger(term(SUM)),
        "`mean(hinge)`: the reduction SUM_OVER_BATCH_SIZE was read, and SUM measured.",
    ),
    (
        ledger(term(MEAN)),
        ledger(term(MEAN, op="huber")),
        "`mean(hinge)`: `hinge` was read, and `huber` measured.",
    ),
    (
        ledger(term(SUM)),
        ledger(term(WEIGHTS, SUM)),
        "`sum(hinge)`: it was read without weights, and measured with weights.",
    ),
    (
        ledger(term(MEAN, TENTH)),
        ledger(term(MEAN)),
        "`0.1 * mean(hinge)`: other numbers multiply it as measured: none.",
    ),
    (
        ledger(term(MEAN)),
        ledger(term(MEAN), PENALTY),
        "`(l2(a) + l2(b))` was measured, and not read.",
    ),
    (
        ledger(PENALTY, term(MEAN)),
        ledger(term(MEAN)),
        "`(l2(a) + l2(b))` was read, and not measured.",
    ),
]


@pytest.mark.parametrize(("read", "measured"), AGREE)
def test_what_is_not_known_does_not_disagree(read: LossLedger, measured: LossLedger) -> None:
    assert disagreements(read, measured) == ()


@pytest.mark.parametrize(("read", "measured", "sentence"), DISAGREE)
def test_disagreements(read: LossLedger, measured: LossLedger, sentence: str) -> None:
    assert sentence in disagreements(read, measured)
