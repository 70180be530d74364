"""The check of a ledger: the tensors it fetches, the losses it compares, and when it fails."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from estimator_compat.ledger import recomputation
from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm

LOSSES, WEIGHTS = np.array([1, 4, 0, 4], np.float32), np.array([1, 0, 2, 0.5], np.float32)


def weighted(*steps: LossStep, axes: tuple[str, ...] = ("batch",)) -> LossLedger:
    term = LossTerm(
        name="errors",
        kind=Kind.DATA,
        op="errors",
        tensors=("errors:0",),
        shape=(None,) * len(axes),
        axes=axes,
        batch_axis=0,
        steps=steps,
    )
    return LossLedger(loss="loss:0", dtype="float32", terms=(term,))


BY_WEIGHTS = LossStep(operation=Operation.MULTIPLY, operand="w", tensor="w:0", scalar=False)
SUM, MEAN = LossStep(operation=Operation.SUM), LossStep(operation=Operation.MEAN)


def divided(by: float, operation: Operation = Operation.DIVIDE) -> LossStep:
    return LossStep(operation=operation, operand=str(by), value=by, role=Role.CONSTANT)


def batch(loss: Any, losses: Any = LOSSES, weights: Any = WEIGHTS) -> dict[str, Any]:
    return {"loss:0": loss, "errors:0": losses, "w:0": weights}


# The reductions of the losses and weights above, as arithmetic: 1*1 + 0*4 + 2*0 + .5*4 = 3.
@pytest.mark.parametrize(
    ("ledger", "loss"),
    [
        (weighted(BY_WEIGHTS, SUM), 3.0),
        (weighted(BY_WEIGHTS, SUM, divided(3.5)), 3 / 3.5),
        (weighted(BY_WEIGHTS, MEAN), 0.75),
        (weighted(BY_WEIGHTS, SUM, divided(3.0)), 1.0),
        (weighted(BY_WEIGHTS, SUM, divided(0.0, Operation.DIVIDE_NO_NAN)), 0.0),
        (weighted(SUM, LossStep(operation=Operation.NEGATE)), -9.0),
        (weighted(LossStep(operation=Operation.HALF_SQUARE), SUM), 16.5),  # (1 + 16 + 0 + 16) / 2
        (
            weighted(
                LossStep(operation=Operation.KEEP_WHERE, operand="w", tensor="w:0", scalar=False),
                SUM,
            ),
            5.0,
        ),
    ],
    ids=["SUM", "MEAN", "BATCH_SIZE", "NONZERO", "no_nan", "negated", "half_square", "where"],
)
def test_the_steps_are_done_once_more(ledger: LossLedger, loss: float) -> None:
    weights = (
        WEIGHTS != 0 if ledger.terms[0].steps[0].operation is Operation.KEEP_WHERE else WEIGHTS
    )
    if ledger.terms[0].steps[0].operation is Operation.KEEP_WHERE:
        loss = 1 + 0 + 4  # the losses under the weights 1, 2 and .5
    result = recomputation.check(ledger, [batch(np.float32(loss), weights=weights)]).check
    assert result
    assert (result.passed, result.batches) == (True, 1)
    assert result.loss == pytest.approx(loss)


def test_the_tensors_are_those_of_all_terms_and_steps_once() -> None:
    ledger = weighted(BY_WEIGHTS, BY_WEIGHTS, SUM, divided(2.0))
    assert recomputation.tensors(ledger) == ("loss:0", "errors:0", "w:0")


def test_another_number_does_not_pass() -> None:
    result = recomputation.check(weighted(SUM), [batch(np.float32(9)), batch(np.float32(9.001))])
    assert result.check
    assert not result.check.passed
    assert not result.check.exact
    # The losses are 0.001 apart; float32 numbers from 8 to 16 are 2**-20 apart.
    assert result.check.worst == pytest.approx(0.001 * 2**20, rel=1e-3)


def test_a_few_units_in_the_last_place_pass_and_are_not_exact() -> None:
    near = np.nextafter(np.float32(9), np.float32(10))
    result = recomputation.check(weighted(SUM), [batch(near)]).check
    assert result
    assert (result.passed, result.exact, result.worst) == (True, False, 1.0)


def test_no_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="check that the input_fn yields data"):
        recomputation.check(weighted(SUM), [])


def test_a_nan_is_reported_and_proves_nothing() -> None:
    nan = np.float32("nan")
    broken = batch(nan, losses=np.array([1, nan], np.float32))
    result = recomputation.check(weighted(MEAN), [broken]).check
    assert result
    assert not result.passed
    assert result.notes == ("the loss of batch 0 is nan, which cannot be compared",)
    both = recomputation.check(weighted(SUM), [broken, batch(np.float32(9))]).check
    assert both
    assert both.passed
    assert len(both.notes) == 1


def test_a_finite_loss_of_a_ledger_that_gives_nan_does_not_pass() -> None:
    result = recomputation.check(weighted(SUM, divided(0.0)), [batch(np.float32(9))]).check
    assert result
    assert not result.passed


def test_a_loss_of_zero_is_noted() -> None:
    result = recomputation.check(weighted(SUM), [batch(np.float32(0), losses=np.zeros(4, "f"))])
    assert result.check
    assert result.check.passed
    assert result.check.notes == ("the loss is 0 in every batch: a ledger of 0 would pass, too",)


def test_a_batch_of_another_size_takes_the_batch_axis_back() -> None:
    result = recomputation.check(weighted(SUM), [batch(np.float32(9))], sizes=[3])
    assert result.check
    assert result.check.notes == (
        "errors has the shape (4,) in a batch of 3 examples: its axis 0 is not the batch",
    )
    assert (result.terms[0].axes, result.terms[0].batch_axis) == (("?",), None)


@pytest.mark.parametrize("name", ["batch", "batch*2", "batch*?", "selected"])
def test_an_axis_that_fits_stays(name: str) -> None:
    size = 2 if name == "batch*2" else 4
    result = recomputation.check(weighted(SUM, axes=(name,)), [batch(np.float32(9))], sizes=[size])
    assert result.check
    assert result.check.notes == ()
    assert result.terms[0].axes == (name,)


def test_terms_are_added_up_and_the_largest_decides_the_tolerance() -> None:
    """1e8 - 1e8 + 9 = 9; float32 numbers near 1e8 are 8 apart."""
    first = weighted(SUM).terms[0]
    big = dataclasses.replace(first, name="big", tensors=("big:0",))
    less = dataclasses.replace(big, steps=(SUM, LossStep(operation=Operation.NEGATE)))
    ledger = dataclasses.replace(weighted(SUM), terms=(first, big, less))
    values = {**batch(np.float32(16)), "big:0": np.array([1e8], np.float32)}
    result = recomputation.check(ledger, [values]).check
    assert result
    assert result.passed
    assert not result.exact


def test_a_number_that_float32_cannot_hold_times_losses_of_float64() -> None:
    """0.01 as float32 is 0.009999999776: the difference is far above the rounding of float64."""
    number = LossStep(operation=Operation.MULTIPLY, operand="0.01", value=0.01)
    ledger = dataclasses.replace(weighted(SUM, number), dtype="float64")
    losses = LOSSES.astype(np.float64)
    checked = recomputation.check(ledger, [batch(np.float64(9.0) * 0.01, losses)])
    assert checked.check is not None
    assert checked.check.exact
