"""Weighted losses: from unreduced losses and weights to a scalar, as `tf.compat.v1.losses` did it.

All functions work in a v1 graph, eagerly and in a `tf.function`, and leave nothing behind: no
entry in the LOSSES collection, no attribute on the graph.
"""

from typing import Any

import tensorflow as tf

from estimator_compat.losses import reductions


class _TensorFlowArithmetic:
    """The `reductions.Arithmetic` of float32 tensors."""

    def sum(self, values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(values)

    def ones_like(self, losses: tf.Tensor) -> tf.Tensor:
        return tf.ones_like(losses)

    def size(self, losses: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.size(losses), losses.dtype)

    def count_nonzero(self, weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
        # Upstream adds up ones in float32, which rounds from 2**24 elements on, but eagerly, under
        # one non-zero scalar weight, takes the size. The same bits need the same two ways.
        absent = tf.equal(weights, 0.0)
        if tf.executing_eagerly() and weights.shape.rank == 0 and not absent:
            return self.size(losses)
        present = tf.where(absent, tf.zeros_like(weights), tf.ones_like(weights))
        return tf.reduce_sum(present * tf.ones_like(losses))

    def divide(self, numerator: tf.Tensor, denominator: tf.Tensor) -> tf.Tensor:
        return tf.math.divide_no_nan(numerator, denominator)


def weighted_loss(
    losses: Any, weights: Any = 1.0, reduction: str = "weighted_sum_by_nonzero_weights"
) -> tf.Tensor:
    """Reduces `losses` under `weights`, bit for bit as `compute_weighted_loss` does.

    Like it, computes in float32 whatever the dtypes are, and casts the result back.

    Args:
        losses: a numeric tensor of any shape, `[batch, ...]` as a rule.
        weights: a number or a numeric tensor, scalar or broadcastable as `check_weights` says.
        reduction: a name that `reductions.find` knows.

    Returns:
        A scalar in the dtype of `losses`; for NONE, `weights * losses` in the shape of `losses`.

    Raises:
        ValueError: `reduction` is unknown, or the shapes are known not to fit.
        tf.errors.InvalidArgumentError: at run time, the shapes turn out not to fit.
    """
    row = reductions.find(reduction)
    with tf.name_scope("weighted_loss"):
        losses = tf.convert_to_tensor(losses)
        weights = tf.cast(check_weights(losses, weights), tf.float32)
        loss = row.compute(_TensorFlowArithmetic(), tf.cast(losses, tf.float32), weights)
        return tf.cast(loss, losses.dtype)


def average_loss(losses: Any, weights: Any = None) -> tf.Tensor:
    """Returns the weighted mean of `losses`, `sum(w*l) / sum(w)`, and 0 where `sum(w)` is 0.

    Args:
        losses: a numeric tensor of any shape.
        weights: as for `weighted_loss`; None weighs every element with 1.

    Returns:
        A scalar in the dtype of `losses`, float32 where that is an integer.
    """
    losses = tf.convert_to_tensor(losses)
    if not losses.dtype.is_floating:
        losses = tf.cast(losses, tf.float32)
    return weighted_loss(losses, 1.0 if weights is None else weights, "MEAN")


def check_weights(losses: tf.Tensor, weights: Any) -> tf.Tensor:
    """Returns `weights` as a tensor that is certain to fit `losses`.

    The rule is that of `tf.compat.v1.losses`, narrower than NumPy's: `weights` is a scalar, or has
    the rank of `losses` with every dimension 1 or equal to that of `losses`. So `[B]` never meets
    `[B, 1]`. Shapes known while the graph is built are checked then, others when it runs.

    Raises:
        ValueError: the shapes are known not to fit, or `weights` is None.
        tf.errors.InvalidArgumentError: at run time, the shapes turn out not to fit.
    """
    if weights is None:
        raise ValueError("`weights` (None) must be a number or a tensor; pass 1.0 for no weights.")
    weights = tf.convert_to_tensor(weights)
    fit = _fit(losses.shape, weights.shape)
    if fit is False:
        raise ValueError(_refusal(weights.shape, losses.shape))
    if fit is True:
        return weights
    shapes = tf.shape(weights), tf.shape(losses)
    with tf.control_dependencies([tf.debugging.Assert(_fit_at_run_time(*shapes), _data(*shapes))]):
        return tf.identity(weights)


def _fit(losses: tf.TensorShape, weights: tf.TensorShape) -> bool | None:
    """Tells whether the static shapes fit; None where that is not known yet."""
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


def _fit_at_run_time(weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    # tf.equal would refuse two shapes of unequal length with an error of its own.
    equal = tf.raw_ops.Equal(x=weights, y=losses, incompatible_shape_error=False)
    same_rank = tf.equal(tf.size(weights), tf.size(losses))
    return tf.equal(tf.size(weights), 0) | (same_rank & tf.reduce_all(equal | tf.equal(weights, 1)))


_REFUSAL = (
    "`weights` of shape ",
    " must be a scalar or have the rank of `losses`, of shape ",
    ", and each of its dimensions 1 or equal to that of `losses`; reshape one of the two, for"
    " example with tf.squeeze(x, axis=-1) where [batch, 1] meets [batch].",
)


def _refusal(weights: tf.TensorShape, losses: tf.TensorShape) -> str:
    return f"{_REFUSAL[0]}{weights}{_REFUSAL[1]}{losses}{_REFUSAL[2]}"


def _data(weights: tf.Tensor, losses: tf.Tensor) -> list[Any]:
    return [_REFUSAL[0], weights, _REFUSAL[1], losses, _REFUSAL[2]]
