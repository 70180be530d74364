"""The losses of heads: the unreduced loss, then weights and a reduction.

All heads share these functions. A head is special in its unreduced loss only.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.heads import arguments
from estimator_compat.type_aliases import Features, Tensor


def from_function(
    loss_fn: Callable[..., Tensor],
    labels: Tensor,
    logits: Tensor,
    features: Features,
    dimension: int,
) -> Tensor:
    """Returns the unreduced loss of a program's `loss_fn`.

    Args:
      loss_fn: A function of `labels`, `logits` and, if it has this argument, `features`.
      labels: `[D0, D1, ... DN, label_dimension]`.
      logits: `[D0, D1, ... DN, logits_dimension]`.
      features: The features by name.
      dimension: The last dimension of the loss.

    Raises:
      ValueError: The loss has another shape than `[D0, D1, ... DN, dimension]`.
      tf.errors.InvalidArgumentError: The same, found at run time.
    """
    extra = {"features": features} if arguments.loss_fn_takes_features(loss_fn) else {}
    with tf1.name_scope(None, "call_loss_fn", [labels, logits]):
        loss = loss_fn(labels=labels, logits=logits, **extra)
        message = f"loss_fn must return Tensor of shape [D0, D1, ... DN, {dimension}]. "
        advice = "Expected one loss for each example; do not reduce it over the batch."
        shapes = tf.shape(logits), tf.shape(loss)
        if tf.executing_eagerly():
            if tuple(loss.shape.as_list()) != (*logits.shape.as_list()[:-1], dimension):
                raise ValueError(
                    f"{message}logits_shape: {logits.shape}. loss_shape: {loss.shape}. {advice}"
                )
            return loss
        expected = tf.concat([shapes[0][:-1], [dimension]], axis=0)
        equal = tf.raw_ops.Equal(x=shapes[1], y=expected, incompatible_shape_error=False)
        data = [message, "logits_shape: ", shapes[0], "loss_shape: ", shapes[1], advice]
        check = tf.debugging.Assert(tf.reduce_all(equal), data)
        with tf.control_dependencies([check]):
            return tf.identity(loss)


def reduced(loss: Tensor, weights: Any, reduction: str) -> Tensor:
    """Reduces a loss as the heads of TensorFlow 2 did, by a reduction of Keras 2."""
    return private_tensorflow.keras_weighted_loss(loss, weights, reduction)


def reduced_as_v1(loss: Tensor, weights: Any, reduction: str) -> Tensor:
    """Reduces a loss by a reduction of `tf.compat.v1.losses`, and adds it to their collection."""
    return tf1.losses.compute_weighted_loss(loss, weights=weights, reduction=reduction)


def total(regularization_losses: Sequence[Tensor] | None) -> Tensor | None:
    """Returns the sum of the regularization losses, or None without any."""
    return None if regularization_losses is None else tf.add_n(regularization_losses)


def plus(loss: Tensor, regularization_loss: Tensor | None) -> Tensor:
    """Adds the regularization loss, if there is one."""
    return loss if regularization_loss is None else loss + regularization_loss
