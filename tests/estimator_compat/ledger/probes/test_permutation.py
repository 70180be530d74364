"""The probe "permutation": which axis of the losses moves with the examples."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger.probes.permutation import derangement, moved, same_rows
from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import claim, examined, outputs, squares


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7])
def test_an_order_in_which_no_example_is_at_its_place(size: int) -> None:
    order = derangement(size)
    assert sorted(order) == list(range(size))
    assert all(place != row for place, row in enumerate(order))


def test_axes_that_move() -> None:
    losses, order = np.arange(12.0).reshape(3, 4), [2, 0, 1]
    assert moved(losses, (0,), order, losses[order])
    assert not moved(losses, (1,), order, losses[order])
    tokens = np.arange(6.0)  # two for each of three examples
    assert moved(tokens, (0,), order, np.array([4.0, 5, 0, 1, 2, 3]))
    pairs = np.arange(9.0).reshape(3, 3)
    assert moved(pairs, (0, 1), order, pairs[order][:, order])
    assert same_rows(losses, losses[order], 0)
    assert not same_rows(losses, losses + 1, 0)


def test_the_batch_behind_a_transpose() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        errors = tf.square(outputs(features) - labels["m"])
        return tf.reduce_sum(tf.reduce_mean(tf.transpose(errors), 1))

    (term,) = examined(loss_fn).terms
    assert (term.batch_axis, claim(term, "permutation").status) == (1, Status.SHOWN)


def test_the_batch_of_losses_of_unknown_rank() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        losses = squares(features, labels)
        hidden = tf.compat.v1.placeholder_with_default(losses, None)
        return tf.reduce_mean(hidden)

    (term,) = examined(loss_fn).terms
    assert (term.shape, term.axes, term.batch_axis) == (None, ("batch",), 0)


def test_losses_without_a_batch() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        return tf.reduce_sum(tf.sqrt(tf.reduce_mean(tf.square(outputs(features)), 0)))

    (term,) = examined(loss_fn).terms
    assert claim(term, "permutation").text == "No axis of the losses is the batch."
    assert claim(term, "permutation").status is Status.SHOWN
