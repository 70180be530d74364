"""The probes by two parts of a batch."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import (
    FEATURES,
    KERNEL,
    LABELS,
    SIZE,
    claim,
    examined,
    outputs,
    squares,
)
from tests.estimator_compat.ledger.probes.test_probing import by_users

tf1 = tf.compat.v1


def variance(features: Any, labels: Any) -> Any:
    errors = outputs(features)[:, 0] - labels["y"]
    return tf.reduce_mean(tf.square(errors - tf.reduce_mean(errors)))


def test_the_numbers_on_two_replicas() -> None:
    """Five and two examples, by NumPy."""
    (term,) = examined(variance).terms
    errors = (FEATURES["x"] @ KERNEL)[:, 0] - LABELS["y"]
    one, two, whole = (np.var(part) for part in (errors[:5], errors[5:], errors))
    assert claim(term, "replicas").text == (
        "On replicas, neither the average nor the sum of the replicas' losses is the loss of the "
        f"whole batch: with 5 and 2 examples they are {(one + two) / 2:.4g} and {one + two:.4g}, "
        f"and of the whole batch it is {whole:.4g}."
    )


def test_tf_losses_of_sum_are_added_up() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        losses = squares(features, labels)
        return tf1.losses.compute_weighted_loss(losses, reduction=tf1.losses.Reduction.SUM)

    (term,) = examined(loss_fn).terms
    assert "added up the replicas' losses" in claim(term, "replicas").text


def test_a_sum_that_is_not_of_tf_losses_is_averaged() -> None:
    (term,) = examined(lambda *batch: tf.reduce_sum(squares(*batch))).terms
    assert "average of the replicas is 1/N" in claim(term, "replicas").text


@pytest.mark.parametrize(
    ("loss_fn", "status"),
    [
        (lambda *batch: tf.reduce_mean(squares(*batch)), Status.SHOWN),
        (by_users, Status.REFUTED),
        (variance, Status.REFUTED),
    ],
)
def test_a_sum_in_a_graph_that_knows_the_size_of_a_batch(loss_fn: Any, status: Any) -> None:
    """Batches of twice the first half, and of twice the second, have the size, too."""
    for term in examined(loss_fn, SIZE, drop=True).data_terms:
        assert claim(term, "sum").status is status


def test_a_graph_that_knows_the_size_of_a_batch() -> None:
    (term,) = examined(lambda *batch: tf.reduce_mean(squares(*batch)), SIZE, drop=True).terms
    assert claim(term, "replicas").status is Status.NOT_KNOWN
    assert claim(term, "replicas").reason == f"the graph knows the size of a batch ({SIZE})"
    assert claim(term, "leaving out").status is Status.SHOWN  # by a copy of another example
