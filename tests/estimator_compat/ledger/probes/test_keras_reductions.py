"""The probe "keras": what is called equal was evaluated."""

from typing import Any

import pytest
import tensorflow as tf

from tests.estimator_compat.ledger.probes.small_batch import (
    claim,
    cross_entropies,
    examined,
    outputs,
    squares,
)

tf1 = tf.compat.v1
R = tf1.losses.Reduction


def errors(features: Any, labels: Any) -> Any:
    return tf.square(outputs(features) - labels["m"])


def of(losses: Any, reduction: str, weights: Any = None, *, column: bool = False) -> Any:
    def loss_fn(features: Any, labels: Any) -> Any:
        given: Any = 1.0 if weights is None else features[weights]
        return tf1.losses.compute_weighted_loss(
            losses(features, labels),
            given[:, tf.newaxis] if column else given,
            reduction=getattr(R, reduction),
        )

    return loss_fn


SAID = {
    "sum of cross entropies": (of(cross_entropies, "SUM"), "In Keras 3 it is reduction='sum'."),
    "sum of squares over three outputs": (
        of(errors, "SUM"),
        "In Keras 3 it is reduction='sum', times 3: MeanSquaredError takes the mean over the last "
        "axis first.",
    ),
    "mean over weights": (
        of(squares, "MEAN", "w"),
        "In Keras 3 it is reduction='mean_with_sample_weight'; Keras 2 has no equal.",
    ),
    "a mean by a constant": (
        lambda features, labels: tf.reduce_mean(squares(features, labels)) / 32.0,
        "In Keras 3 it is reduction='sum_over_batch_size', divided by 32.",
    ),
    "half a mean": (
        lambda features, labels: 0.5 * tf.reduce_mean(squares(features, labels)),
        "In Keras 3 it is reduction='sum_over_batch_size', times 0.5.",
    ),
}


@pytest.mark.parametrize(("loss_fn", "text"), SAID.values(), ids=SAID)
def test_the_equal_reduction(loss_fn: Any, text: str) -> None:
    (term,) = examined(loss_fn).terms
    assert claim(term, "keras").text == text


def test_weights_of_a_column_in_tf_losses_count_for_each_output() -> None:
    """tf.losses divides by 3 * sum(w). Keras 3 averages the outputs, and divides by sum(w)."""
    (term,) = examined(of(errors, "MEAN", "w", column=True)).terms
    assert claim(term, "keras").text.startswith(
        "In Keras 3 it is reduction='mean_with_sample_weight'"
    )


def test_words_of_weights_of_a_column() -> None:
    """Keras 3 divides the cross entropies of all words by the sum of the weights as they are."""

    def loss_fn(features: Any, labels: Any) -> Any:
        logits = tf.stack([outputs(features)] * 2, axis=1)
        words = tf.stack([labels["class"]] * 2, axis=1)
        return tf1.losses.sparse_softmax_cross_entropy(
            words, logits, weights=features["w"][:, tf.newaxis], reduction=R.MEAN
        )

    (term,) = examined(loss_fn).terms
    assert claim(term, "keras").text.startswith("No reduction of Keras 3 gives this number")
