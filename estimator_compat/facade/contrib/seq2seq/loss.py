"""`sequence_loss`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def sequence_loss(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Tensor:
    """Returns the weighted cross entropy of sequences.

    Args:
      logits: `[batch, length, classes]`.
      targets: Integers, `[batch, length]`.
      weights: `[batch, length]`.
      average_across_timesteps: Whether to sum over the time steps and divide by the sum of their
        weights.
      average_across_batch: Whether to sum over the examples and divide by the sum of their weights.
      sum_over_timesteps: Whether to sum over the time steps and divide by the number of time steps
        whose weight is not 0. As in TensorFlow 1.15, it has no effect beside
        `average_across_batch`.
      sum_over_batch: Whether to sum over the examples and divide by the number of examples whose
        weight is not 0. It has no effect beside `average_across_timesteps`.
      softmax_loss_function: A function of `labels` and `logits`; None for the sparse softmax cross
        entropy.
      name: The name scope of the operations.

    Returns:
      A scalar if both axes are averaged or both are summed; `[length]` or `[batch]` if one axis is;
      otherwise `[batch, length]`.

    Raises:
      ValueError: A shape is wrong, or an axis is both averaged and summed.
    """
    for argument, tensor, rank in (
        ("Logits", logits, 3),
        ("Targets", targets, 2),
        ("Weights", weights, 2),
    ):
        if tensor.shape.ndims != rank:
            axes = "[batch_size x sequence_length" + (" x logits]" if rank == 3 else "]")
            raise ValueError(
                f"{argument} must be a {axes} tensor, but the shape is {tensor.shape}; reshape it."
            )
    for axis, average, total in (
        ("timesteps", average_across_timesteps, sum_over_timesteps),
        ("batch", average_across_batch, sum_over_batch),
    ):
        if average and total:
            raise ValueError(
                f"average_across_{axis} and sum_over_{axis} cannot be set to True at same time; "
                "set one of them to False."
            )
    with tf1.name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = tf1.shape(logits)[2]
        flat = (tf1.reshape(targets, [-1]), tf1.reshape(logits, [-1, classes]))
        entropy = softmax_loss_function or tf1.nn.sparse_softmax_cross_entropy_with_logits
        losses = entropy(labels=flat[0], logits=flat[1]) * tf1.reshape(weights, [-1])
        losses = tf1.reshape(losses, tf1.shape(logits)[:2])
        averaged = _axes(average_across_batch, average_across_timesteps)
        summed = _axes(sum_over_batch, sum_over_timesteps)
        if averaged:
            counts = weights
        elif summed:
            averaged = summed
            counts = tf1.cast(tf1.not_equal(weights, 0), losses.dtype)
        else:
            return losses
        totals = tf1.reduce_sum(losses, axis=averaged)
        return tf1.math.divide_no_nan(totals, tf1.reduce_sum(counts, axis=averaged))


def _axes(batch: bool, time: bool) -> list[int]:
    """Returns the axes that are reduced, as numbers."""
    return [axis for axis, is_reduced in ((0, batch), (1, time)) if is_reduced]
