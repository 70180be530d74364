"""The probe "row": a reduction has a name only if the row of the table gives its number."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger.probes.row import of_row
from estimator_compat.ledger.probes.term_numbers import TermNumbers
from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import (
    FEATURES,
    claim,
    examined,
    outputs,
    squares,
)

tf1 = tf.compat.v1
R = tf1.losses.Reduction


@pytest.mark.parametrize("name", ["SUM", "SUM_OVER_BATCH_SIZE", "MEAN", "SUM_BY_NONZERO_WEIGHTS"])
def test_the_rows_of_tf_losses(name: str) -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        losses = squares(features, labels)
        return tf1.losses.compute_weighted_loss(losses, features["w"], reduction=getattr(R, name))

    (term,) = examined(loss_fn).terms
    assert (term.reduction, claim(term, "row").status) == (name, Status.SHOWN)


def test_rows_that_only_other_weights_tell_apart() -> None:
    """With a mask of 0 and 1, MEAN and SUM_BY_NONZERO_WEIGHTS are one number."""

    def loss_fn(features: Any, labels: Any) -> Any:
        losses = squares(features, labels)
        return tf1.losses.compute_weighted_loss(losses, features["mask"], reduction=R.MEAN)

    assert set(FEATURES["mask"]) == {0, 1}
    (term,) = examined(loss_fn).terms
    assert (term.reduction, claim(term, "row").status) == ("MEAN", Status.SHOWN)


def test_the_length_of_another_sequence() -> None:
    """21 losses, divided by the 14 words of another sequence, whose length the graph knows not."""

    def loss_fn(features: Any, labels: Any) -> Any:
        losses = tf.reshape(tf.square(outputs(features) - labels["m"]), [-1])
        words = tf.stack([features["user"], features["user"]], axis=1)
        source = tf.reshape(tf1.placeholder_with_default(words, [None, None]), [-1])
        target = tf1.placeholder_with_default(losses, [None])
        return tf.reduce_sum(target) / tf.cast(tf.size(source), tf.float32)

    (term,) = examined(loss_fn).terms
    assert term.reduction is None
    assert term.formula.startswith("sum(")


def test_the_numbers_of_the_rows() -> None:
    """Losses 1, 4, 0, 4 under weights 1, 0, 2, .5: 3, 3 / 4, 3 / 3.5 and 3 / 3, twice as much."""
    numbers = TermNumbers(
        losses=np.array([1.0, 4, 0, 4]),
        weights=np.array([1, 0, 2, 0.5]),
        number=0.0,
        numerator=0.0,
        divisor=1.0,
        multiplier=2.0,
        scale=1.0,
    )
    expected = {
        "SUM": 6.0,
        "SUM_OVER_BATCH_SIZE": 1.5,
        "MEAN": 6 / 3.5,
        "SUM_BY_NONZERO_WEIGHTS": 2.0,
    }
    assert {name: of_row(name, numbers) for name in expected} == pytest.approx(expected)
    of_zeros = numbers._replace(weights=np.zeros(4))
    assert of_row("MEAN", of_zeros) == of_row("SUM_BY_NONZERO_WEIGHTS", of_zeros) == 0.0
