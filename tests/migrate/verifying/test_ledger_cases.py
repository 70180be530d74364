"""The verdicts of `migrate.verify` on the ledger's model_fns, hosted."""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
import tensorflow as tf

import migrate
from migrate.verifying.verdict import Outcome
from tests.estimator_compat.ledger import (
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import FEATURES, LABELS, Case

CASES = [
    *ledger_cases_losses.CASES,
    *ledger_cases_reductions.CASES,
    *ledger_cases_models.CASES,
]
# One of each kind; all cases, in all modes, are a longer sweep.
EVERY_TIME = {
    "default_weighted",
    "weighted_by_constants",
    "layers_regularizer",
    "learned_log_variances",
    "bfloat16",
    "loss_in_a_v1_cond",
    "gan_with_two_optimizers",
    "nce",
    "reference_variables",
}
# Predictions are not compared if PREDICT needs labels, or variables that training lacks.
MAY_BE_LEFT_OUT = {"predictions"}


def target(case: Case, modes: Sequence[str]) -> migrate.Target:
    """A target of 18 examples: five batches for most cases, with a short last one if allowed."""

    def input_fn() -> tf.data.Dataset:
        data = tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).repeat(3)
        return data.batch(case.batch, case.drop)

    return dataclasses.replace(case.target, input_fns=dict.fromkeys(modes, input_fn))


def test_the_cases_of_every_time_are_there() -> None:
    assert {str(case) for case in CASES} >= EVERY_TIME


@pytest.mark.parametrize("case", [case for case in CASES if str(case) in EVERY_TIME], ids=str)
def test_training_is_the_same(case: Case, record_property: Callable[[str, object], None]) -> None:
    """In EVAL a case has the same loss; that metrics of it are the same, one case tells for all."""
    modes = ("train", "eval", "infer") if str(case) == "default_weighted" else ("train",)
    _check(case, modes, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_hosting_is_the_same(case: Case, record_property: Callable[[str, object], None]) -> None:
    _check(case, ("train", "eval", "infer"), record_property)


def _check(
    case: Case, modes: Sequence[str], record_property: Callable[[str, object], None]
) -> None:
    found = migrate.verify(target(case, modes), steps=5)
    left_out = {one.name: "; ".join(one.notes) for one in found.stages if one not in found.compared}
    record_property("verdict", (str(case), found.outcome.value, left_out))
    assert found.outcome in (Outcome.IDENTICAL, Outcome.EQUIVALENT), found.first
    no_input = {"evaluation", "predictions"} if modes == ("train",) else set()
    assert left_out.keys() <= MAY_BE_LEFT_OUT | no_input
    assert found.unaligned == ()
    assert len(found.run_losses) == (4 if case.drop and case.batch == 4 else 5)
