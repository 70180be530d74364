"""The verdicts of `migrate.verify` on the ledger's model_fns, hosted."""

import dataclasses
from collections.abc import Callable
from typing import Any

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
# One case of each kind; the others are marked slow.
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


def marked(case: Case) -> Any:
    marks = () if str(case) in EVERY_TIME else (pytest.mark.slow,)
    return pytest.param(case, marks=marks, id=str(case))


def target(case: Case) -> migrate.Target:
    """A target of 18 examples: five batches for most cases, with a short last one if allowed."""

    def input_fn() -> tf.data.Dataset:
        data = tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).repeat(3)
        return data.batch(case.batch, case.drop)

    return dataclasses.replace(case.target, input_fns=input_fn)


def test_the_cases_of_every_time_are_there() -> None:
    assert {str(case) for case in CASES} >= EVERY_TIME


@pytest.mark.parametrize("case", map(marked, CASES))
def test_hosting_is_the_same(case: Case, record_property: Callable[[str, object], None]) -> None:
    found = migrate.verify(target(case), steps=5)
    left_out = {one.name: "; ".join(one.notes) for one in found.stages if one not in found.compared}
    record_property("verdict", (str(case), found.outcome.value, left_out))
    assert found.outcome in (Outcome.IDENTICAL, Outcome.EQUIVALENT), found.first
    assert left_out.keys() <= MAY_BE_LEFT_OUT
    assert found.unaligned == ()
    assert len(found.run_losses) == (4 if case.drop and case.batch == 4 else 5)
