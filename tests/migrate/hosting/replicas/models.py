"""Losses of five values on two replicas, which get 3 and 2 of them, and models to train on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec

VALUES = np.array([1, 2, 3, 6, 8], np.float32)
EVEN, UNEVEN, ZEROS = [1, 1, 1, 1, 1], [1, 0, 1, 3, 1], [1, 1, 1, 3, 0]
NONE_OF_TWO = [1, 0, 1, 0, 0]

# Of losses, weights and the variable that scales the losses.
LossFn = Callable[[Any, Any, Any], Any]


def model(loss_of: LossFn, train: Callable[[Any, Any], Any] | None = None) -> Callable[..., Any]:
    """A model whose losses, and their gradients with respect to `scale`, are the labels."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        scale = tf1.get_variable("scale", [], initializer=tf1.ones_initializer())
        loss = loss_of(scale * labels, features, scale)
        minimized = train(scale, labels) if train else loss
        optimizer = tf1.train.GradientDescentOptimizer(1.0)
        train_op = optimizer.minimize(minimized, tf1.train.get_global_step())
        return EstimatorSpec(mode, loss=loss, train_op=train_op)

    return model_fn


def reduced(reduction: str) -> LossFn:
    return lambda losses, weights, _: tf1.losses.compute_weighted_loss(
        losses, weights, reduction=reduction
    )


def mean(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_mean(losses)


def mean_of_a_column(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_mean(tf.reduce_mean(tf.stack([losses, losses], 1), axis=-1), axis=[0])


def over_size(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_sum(losses) / tf.cast(tf.size(losses), tf.float32)


def over_two(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_sum(losses) / 2.0


def half_squares(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.nn.l2_loss(losses) / tf.cast(tf.size(losses), tf.float32)


def regularized(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_mean(losses) + tf.nn.l2_loss(scale)


def over_weights(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_sum(weights * losses) / tf.reduce_sum(weights)


def over_the_batch(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_sum(losses) * (1.0 / tf.cast(tf.shape(weights)[0], tf.float32))


def weights_over_their_sum(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_sum(losses * (weights / tf.reduce_sum(weights)))


def two_terms(losses: Any, weights: Any, scale: Any) -> Any:
    return tf.reduce_mean(losses) + 2.0 * over_weights(losses, weights, scale)


BY_HAND: dict[str, tuple[LossFn, list[int]]] = {
    "half_squares": (half_squares, EVEN),
    "mean": (mean, EVEN),
    "mean_of_a_column": (mean_of_a_column, EVEN),
    "nonzero": (reduced("weighted_sum_by_nonzero_weights"), ZEROS),
    "over_size": (over_size, EVEN),
    "over_the_batch": (over_the_batch, EVEN),
    "over_the_static_size": (over_two, EVEN[:4]),
    "over_weights": (over_weights, NONE_OF_TWO),
    "regularized": (regularized, EVEN),
    "sum": (reduced("weighted_sum"), EVEN),
    "two_terms": (two_terms, UNEVEN),
    "weighted_mean": (reduced("weighted_mean"), UNEVEN),
    "weights_over_their_sum": (weights_over_their_sum, UNEVEN),
}


def _penalized(losses: Any, weights: Any, scale: Any) -> Any:
    gradient = tf1.gradients(tf.reduce_mean(losses * losses), scale)[0]
    return tf.reduce_mean(losses) + tf.reduce_mean(tf.square(gradient * losses))


REFUSED = {
    "another_loss": model(mean, lambda scale, labels: tf.reduce_sum(scale * labels)),
    "gradient_in_loss": model(_penalized),
    "no_sum": model(lambda losses, _, scale: tf.reduce_mean(losses) + tf.square(scale)),
    "number": model(lambda losses, weights, _: tf.reduce_sum(losses) / 5.0),
    "opaque": model(lambda losses, weights, _: tf.reduce_max(losses)),
}
