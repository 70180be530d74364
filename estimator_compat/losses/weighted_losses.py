"""Reduces losses under weights to a scalar, as `tf.compat.v1.losses` does.

All functions work in a v1 graph, eagerly and in a `tf.function`. Unlike `tf.compat.v1.losses`, they
add no entry to the LOSSES collection and set no attribute on the graph.
"""

from typing import Any

import tensorflow as tf

from estimator_compat.losses import reductions
from estimator_compat.type_aliases import Tensor


class _TensorFlowArithmetic:
    """The `reductions.Arithmetic` of float32 tensors."""

    def sum(self, values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(values)

    def ones_like(self, losses: tf.Tensor) -> tf.Tensor:
        return tf.ones_like(losses)

    def size(self, losses: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.size(losses), losses.dtype)

    def count_nonzero(self, weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
        # TensorFlow counts in two ways, and equal bits need both. In eager mode, if the weight is a
        # scalar that is not zero, it takes the number of elements. Otherwise it adds up ones in
        # float32, which rounds from 2**24 elements on.
        absent = tf.equal(weights, 0.0)
        if tf.executing_eagerly() and weights.shape.rank == 0 and not absent:
            return self.size(losses)
        present = tf.where(absent, tf.zeros_like(weights), tf.ones_like(weights))
        return tf.reduce_sum(present * tf.ones_like(losses))

    def divide(self, numerator: tf.Tensor, denominator: tf.Tensor) -> tf.Tensor:
        return tf.math.divide_no_nan(numerator, denominator)


def weighted_loss(
    losses: Tensor, weights: Tensor = 1.0, reduction: str = "weighted_sum_by_nonzero_weights"
) -> tf.Tensor:
    """Reduces `losses` under `weights`, bit for bit as `compute_weighted_loss` does.

    Like `compute_weighted_loss`, it computes in float32 whatever the dtypes are, and casts the
    result to the dtype of `losses`.

    Args:
      losses: A numeric tensor of any shape, usually `[batch, ...]`.
      weights: A number or a numeric tensor: a scalar, or broadcastable by the rule of
        `check_weights`.
      reduction: A name that `reductions.find` accepts.

    Returns:
      A scalar in the dtype of `losses`; for NONE, `weights * losses` in the shape of `losses`.

    Raises:
      ValueError: `reduction` is unknown, or the static shapes do not fit.
      tf.errors.InvalidArgumentError: The shapes do not fit, which was found at run time.
    """
    row = reductions.find(reduction)
    with tf.name_scope("weighted_loss"):
        losses = tf.convert_to_tensor(losses)
        weights = tf.cast(check_weights(losses, weights), tf.float32)
        loss = row.compute(_TensorFlowArithmetic(), tf.cast(losses, tf.float32), weights)
        return tf.cast(loss, losses.dtype)


def average_loss(losses: Tensor, weights: Tensor = None) -> tf.Tensor:
    """Returns the weighted mean of `losses`, `sum(w*l) / sum(w)`, or 0 if `sum(w)` is 0.

    Args:
      losses: A numeric tensor of any shape.
      weights: The weights, as in `weighted_loss`. None gives every element the weight 1.

    Returns:
      A scalar in the dtype of `losses`; in float32 if `losses` are integers.
    """
    losses = tf.convert_to_tensor(losses)
    if not losses.dtype.is_floating:
        losses = tf.cast(losses, tf.float32)
    return weighted_loss(losses, 1.0 if weights is None else weights, "MEAN")


def check_weights(losses: tf.Tensor, weights: Tensor) -> tf.Tensor:
    """Returns `weights` as a tensor whose shape fits `losses`.

    The rule is the same as in `tf.compat.v1.losses`, and stricter than NumPy's broadcasting:
    `weights` is a scalar, or it has the rank of `losses`, and each of its dimensions is 1 or equal
    to the dimension of `losses`. For example, weights of shape `[B]` are refused for losses of
    shape `[B, 1]`. Static shapes are checked while the graph is built, other shapes when it runs.

    Args:
      losses: A tensor of any shape.
      weights: A number or a tensor.

    Returns:
      `weights` as a tensor. If the static shapes are not known, it is checked at run time.

    Raises:
      ValueError: The static shapes do not fit, or `weights` is None.
      tf.errors.InvalidArgumentError: The shapes do not fit, which was found at run time.
    """
    if weights is None:
        raise ValueError("`weights` (None) must be a number or a tensor; pass 1.0 for no weights.")
    weights = tf.convert_to_tensor(weights)
    fit = _static_fit(losses.shape, weights.shape)
    if fit is False:
        raise ValueError(_shape_message(weights.shape, losses.shape))
    if fit is True:
        return weights
    shapes = tf.shape(weights), tf.shape(losses)
    check = tf.debugging.Assert(_run_time_fit(*shapes), _message_data(*shapes))
    with tf.control_dependencies([check]):
        return tf.identity(weights)


def _static_fit(losses: tf.TensorShape, weights: tf.TensorShape) -> bool | None:
    """Returns whether the static shapes fit; None if only the run can decide."""
    if weights.rank == 0:
        return True
    if losses.rank is None or weights.rank is None:
        return None
    if losses.rank != weights.rank:
        return False
    pairs = [(w, n) for w, n in zip(weights.as_list(), losses.as_list(), strict=True) if w != 1]
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return False
    return None if any(None in pair for pair in pairs) else True


def _run_time_fit(weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    """Computes whether two shapes, given as int32 tensors, fit."""
    # For two shapes of unequal length, tf.equal raises an error that does not name the arguments.
    equal = tf.raw_ops.Equal(x=weights, y=losses, incompatible_shape_error=False)
    same_rank = tf.equal(tf.size(weights), tf.size(losses))
    return tf.equal(tf.size(weights), 0) | (same_rank & tf.reduce_all(equal | tf.equal(weights, 1)))


_SHAPE_MESSAGE = (
    "`weights` of shape ",
    " must be a scalar or have the rank of `losses`, of shape ",
    ", and each of its dimensions 1 or equal to that of `losses`; reshape one of the two, for"
    " example with tf.squeeze(x, axis=-1) where [batch, 1] meets [batch].",
)


def _shape_message(weights: tf.TensorShape, losses: tf.TensorShape) -> str:
    return f"{_SHAPE_MESSAGE[0]}{weights}{_SHAPE_MESSAGE[1]}{losses}{_SHAPE_MESSAGE[2]}"


def _message_data(weights: tf.Tensor, losses: tf.Tensor) -> list[Any]:
    """Returns the parts of the message, which `tf.debugging.Assert` prints in this order."""
    return [_SHAPE_MESSAGE[0], weights, _SHAPE_MESSAGE[1], losses, _SHAPE_MESSAGE[2]]
