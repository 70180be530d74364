"""Each head with each reduction, hosted: its training, evaluation and predictions are the same.

The heads add two regularization losses. Where nothing fetches the sum of these two, TensorFlow's
graph optimizer adds all three parts of the loss in another order, in a function but not in a
session, whose fetches it leaves alone. The loss is then a unit in the last place away, and the
verdict `EQUIVALENT`. Here the summaries fetch the sum in each step.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat
import migrate
from estimator_compat import with_loss_summaries
from estimator_compat.heads import factories
from migrate.verifying.verdict import Outcome
from tests.estimator_compat.heads import head_runs

pytestmark = pytest.mark.slow

V2 = head_runs.v2_heads(estimator_compat)
V1 = head_runs.v1_heads(factories)
CASES = [
    (name, how)
    for heads, reductions in ((V2, head_runs.V2_REDUCTIONS), (V1, head_runs.V1_REDUCTIONS))
    for name in heads
    for how in reductions
]


def verified(name: str, how: str, save_summary_steps: int) -> Any:
    make, labels, more = {**V2, **V1}[name]
    head = make(weight_column="w", loss_reduction=how, **more)
    target = migrate.Target(
        model_fn=with_loss_summaries(head_runs.model_fn_of(head, [])),
        input_fns=lambda: head_runs.input_fn(labels),
        config=estimator_compat.RunConfig(tf_random_seed=1, save_summary_steps=save_summary_steps),
    )
    return migrate.verify(target, steps=3, eval_steps=3, predict_steps=3)


@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_head_is_identical(name: str, how: str) -> None:
    verdict = verified(name, how, 1)
    assert verdict.outcome is Outcome.IDENTICAL
    assert len(verdict.compared) == len(verdict.stages) == 8
    assert len(set(verdict.run_losses)) == 3


def test_the_table_has_every_head() -> None:
    assert len(CASES) == 32


@pytest.fixture
def _additions_stay() -> Iterator[None]:
    options = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    yield
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": True, **options})


def test_the_order_of_three_addends() -> None:
    verdict = verified("regression", "sum", 100)
    stage, comparison = verdict.first
    assert (stage.name, comparison.name, comparison.ulps) == ("steps", "loss", 1)
    assert verdict.outcome is Outcome.EQUIVALENT


@pytest.mark.usefixtures("_additions_stay")
def test_it_is_the_optimizer_that_orders_them() -> None:
    assert verified("regression", "sum", 100).outcome is Outcome.IDENTICAL
