"""A term, computed from invented losses and weights: expected values are NumPy's."""

import numpy as np
import pytest

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import LossTerm
from migrate.reporting import term_arithmetic
from migrate.reporting.term_arithmetic import NotComputable, compute, examples
from tests.migrate.reporting.ledgers import MEAN, NONZERO, SUM, WEIGHTS, divide, term

LOSSES = [1.0, 4.0, 0.0, 4.0]
WEIGHTS_GIVEN = [1.0, 0.0, 2.0, 0.5]
L, W = np.array(LOSSES), np.array(WEIGHTS_GIVEN)
OVER_CLASSES = LossStep(operation=Operation.SUM, axes=(1,))


# SEMANTICS of the reductions, for these losses and weights: 3, 0.857, 0.75, 1.
@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (term(WEIGHTS, SUM), np.sum(W * L)),
        (term(WEIGHTS, SUM, divide(Role.SUM_OF_WEIGHTS)), np.sum(W * L) / np.sum(W)),
        (term(WEIGHTS, SUM, divide(Role.SIZE)), np.sum(W * L) / 4),
        (term(WEIGHTS, MEAN), np.mean(W * L)),
        (NONZERO, np.sum(W * L) / np.count_nonzero(W)),
        (
            term(WEIGHTS, SUM, divide(Role.OTHER, "sum(features['w']) + 1e-05")),
            np.sum(W * L) / (np.sum(W) + 1e-5),
        ),
        (term(SUM, divide(Role.BATCH)), np.sum(L) / 4),
        (term(SUM, divide(Role.CONSTANT, "8", 8.0)), np.sum(L) / 8),
        (term(SUM, divide(Role.CONSTANT, "params['batch_size']")), np.sum(L) / 4),
        (term(MEAN, axes=("batch", "3")), np.mean(L)),
        (term(SUM, axes=("batch", "3")), 3 * np.sum(L)),
        (term(OVER_CLASSES, WEIGHTS, MEAN, axes=("batch", "?")), np.mean(3 * W * L)),
        (
            term(WEIGHTS, SUM, divide(Role.COUNT_NONZERO), axes=("batch", "3")),
            3 * np.sum(W * L) / (3 * 3),
        ),
        (
            term(MEAN, LossStep(operation=Operation.MULTIPLY, operand="0.5", value=0.5)),
            np.mean(L) / 2,
        ),
        (term(MEAN, LossStep(operation=Operation.NEGATE)), -np.mean(L)),
        (term(SUM, LossStep(operation=Operation.MEAN, axes=())), np.sum(L)),
    ],
)
def test_compute(loss: LossTerm, expected: float) -> None:
    assert compute(loss, examples(LOSSES, WEIGHTS_GIVEN)) == pytest.approx(expected, rel=1e-15)


def test_all_weights_zero() -> None:
    nothing = examples(LOSSES, [0, 0, 0, 0])
    assert compute(NONZERO, nothing) == 0.0
    unsafe = LossStep(operation=Operation.DIVIDE, role=Role.SUM_OF_WEIGHTS, operand="sum(w)")
    assert np.isnan(compute(term(WEIGHTS, SUM, unsafe), nothing))


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (term(SUM, divide(Role.OTHER, "features['n']")), "it is divided by features"),
        (term(WEIGHTS, SUM, divide(Role.OTHER, "sum(other) + 1e-05")), "it is divided by sum"),
        (term(SUM, axes=()), "no axis of the losses is known to be the batch"),
        (term(SUM, axes=("selected",)), "a part of the batch"),
        (term(OVER_CLASSES, axes=("batch", "3")), "not reduced to one number"),
    ],
)
def test_what_cannot_be_computed(loss: LossTerm, reason: str) -> None:
    with pytest.raises(NotComputable, match=reason):
        compute(loss, examples(LOSSES, WEIGHTS_GIVEN))


def test_axes_are_invented_where_the_source_does_not_say() -> None:
    assert term_arithmetic.with_axes(term(MEAN, axes=())).axes == ("batch",)
    assert term_arithmetic.with_axes(term(OVER_CLASSES, MEAN, axes=())).axes == ("batch", "?")
    assert term_arithmetic.with_axes(term(MEAN)).axes == ("batch",)
