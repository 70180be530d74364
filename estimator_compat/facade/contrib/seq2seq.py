"""`tf.contrib.seq2seq.sequence_loss`, `tile_batch` and `gather_tree`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of sequences.

    Args:
      logits: `[batch, length, classes]`.
      targets: `[batch, length]`, integers.
      weights: `[batch, length]`.
      average_across_timesteps: Whether to divide the sum over the steps by its weights.
      average_across_batch: Whether to divide the sum over the examples by its weights.
      sum_over_timesteps: Whether to divide by the number of steps with weight.
      sum_over_batch: Whether to divide by the number of examples with weight.
      softmax_loss_function: Takes `labels` and `logits`; None: the sparse softmax cross entropy.
      name: The name scope.

    Returns:
      A scalar where both axes are averaged or summed, `[length]` or `[batch]` where one is, else
      `[batch, length]`.

    Raises:
      ValueError: A shape is wrong, or an axis is both averaged and summed.
    """
    for argument, tensor, rank in (
        ("Logits", logits, 3),
        ("Targets", targets, 2),
        ("Weights", weights, 2),
    ):
        if tensor.shape.ndims != rank:
            raise ValueError(f"{argument} must be a {rank}-D tensor, not {tensor.shape}; reshape.")
    if average_across_timesteps and sum_over_timesteps:
        raise ValueError(
            "average_across_timesteps and sum_over_timesteps cannot both be True; choose one."
        )
    if average_across_batch and sum_over_batch:
        raise ValueError("average_across_batch and sum_over_batch cannot both be True; choose one.")
    with tf.name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = tf.shape(logits)[2]
        flat = (tf.reshape(targets, [-1]), tf.reshape(logits, [-1, classes]))
        entropy = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
        losses = entropy(labels=flat[0], logits=flat[1]) * tf.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            count = tf.cast(tf.count_nonzero(weights), losses.dtype)
            return tf.math.divide_no_nan(tf.reduce_sum(losses), count)
        losses = tf.reshape(losses, tf.shape(logits)[:2])
        for axis, average, total in (
            (1, average_across_timesteps, sum_over_timesteps),
            (0, average_across_batch, sum_over_batch),
        ):
            if average or total:
                at = axis if losses.shape.ndims == 2 else 0
                losses = tf.reduce_sum(losses, axis=[at])
                by = weights if average else tf.cast(tf.not_equal(weights, 0), losses.dtype)
                losses = tf.math.divide_no_nan(losses, tf.reduce_sum(by, axis=[axis]))
        return losses


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Repeats each example `multiplier` times in a row, in every tensor of a structure."""

    def tile(tensor: Any) -> Any:
        return tensor if tensor.shape.ndims == 0 else tf.repeat(tensor, multiplier, axis=0)

    with tf.name_scope(name, "tile_batch", tf.nest.flatten(t)):
        return tf.nest.map_structure(lambda one: tile(tf.convert_to_tensor(one)), t)


def gather_tree(
    step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any, name: Any = None
) -> Any:
    """Follows the beams of a beam search back to their beginning.

    Args:
      step_ids: `[time, batch, beams]`, int32: the token that each beam took at each step.
      parent_ids: The same shape: which beam of the step before it went on from.
      max_sequence_lengths: `[batch]`: the steps after that are not looked at.
      end_token: What is after a beam's end; a scalar.
      name: Of the operations.

    Returns:
      `[time, batch, beams]`: the tokens of each beam, and `end_token` after its first.
    """
    with tf.name_scope(name or "GatherTree"):
        lengths = tf.convert_to_tensor(max_sequence_lengths)[:, None]
        step_ids, parent_ids = tf.convert_to_tensor(step_ids), tf.convert_to_tensor(parent_ids)
        time, batch, beams = tf.unstack(tf.shape(step_ids))
        ended = tf.fill([batch, beams], end_token)

        def back(state: Any, at: Any) -> Any:
            parents = state[0]
            inside = tf.broadcast_to(at < lengths, [batch, beams])
            tokens = tf.gather(step_ids[at], parents, axis=1, batch_dims=1)
            grandparents = tf.gather(parent_ids[at], parents, axis=1, batch_dims=1)
            return tf.where(inside, grandparents, parents), tf.where(inside, tokens, ended)

        own = tf.tile(tf.range(beams)[None], [batch, 1])
        _, tokens = tf.scan(back, tf.range(time), (own, ended), reverse=True)
        ends = tf.cumsum(tf.cast(tf.equal(tokens, end_token), tf.int32))
        tokens.set_shape(step_ids.shape)
        return tf.where(ends > 0, tf.fill(tf.shape(tokens), end_token), tokens)
