"""The probe "zero weights"."""

from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import claim, examined, squares

tf1 = tf.compat.v1


def weighted(name: str) -> Any:
    def loss_fn(features: Any, labels: Any) -> Any:
        reduction = getattr(tf1.losses.Reduction, name)
        return tf1.losses.compute_weighted_loss(
            squares(features, labels), features["w"], reduction=reduction
        )

    return loss_fn


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SUM", "adds nothing."),
        ("SUM_OVER_BATCH_SIZE", "still counts in the divisor"),
        ("MEAN", "counts neither above nor below. All 0 gives 0."),
        ("SUM_BY_NONZERO_WEIGHTS", "other weights scale the loss"),
    ],
)
def test_what_a_weight_of_zero_does(name: str, words: str) -> None:
    (term,) = examined(weighted(name)).terms
    shown = claim(term, "zero weights")
    assert shown.status is Status.SHOWN
    assert words in shown.text


def test_weights_without_an_input_and_without_a_zero() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        weights = tf.cast(features["user"], tf.float32)
        return tf1.losses.compute_weighted_loss(squares(features, labels), weights)

    (term,) = examined(loss_fn).terms
    assert claim(term, "zero weights").status is Status.NOT_KNOWN
