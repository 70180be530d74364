"""`tf.contrib.seq2seq.sequence_loss`, `tile_batch` and `gather_tree`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Nest, Tensor


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
        whose weight is not 0.
      sum_over_batch: Whether to sum over the examples and divide by the number of examples whose
        weight is not 0.
      softmax_loss_function: A function of `labels` and `logits`; None for the sparse softmax cross
        entropy.
      name: The name scope of the operations.

    Returns:
      A scalar if both axes are averaged or summed; `[length]` or `[batch]` if one axis is;
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
            raise ValueError(f"{argument} must be a {rank}-D tensor, not {tensor.shape}; reshape.")
    if average_across_timesteps and sum_over_timesteps:
        raise ValueError(
            "average_across_timesteps and sum_over_timesteps cannot both be True; set one to False."
        )
    if average_across_batch and sum_over_batch:
        raise ValueError(
            "average_across_batch and sum_over_batch cannot both be True; set one to False."
        )
    with tf1.name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = tf1.shape(logits)[2]
        flat = (tf1.reshape(targets, [-1]), tf1.reshape(logits, [-1, classes]))
        entropy = softmax_loss_function or tf1.nn.sparse_softmax_cross_entropy_with_logits
        losses = entropy(labels=flat[0], logits=flat[1]) * tf1.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return tf1.math.divide_no_nan(tf1.reduce_sum(losses), tf1.reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            count = tf1.cast(tf1.count_nonzero(weights), losses.dtype)
            return tf1.math.divide_no_nan(tf1.reduce_sum(losses), count)
        losses = tf1.reshape(losses, tf1.shape(logits)[:2])
        for axis, average, total in (
            (1, average_across_timesteps, sum_over_timesteps),
            (0, average_across_batch, sum_over_batch),
        ):
            if average or total:
                losses_axis = axis if losses.shape.ndims == 2 else 0
                losses = tf1.reduce_sum(losses, axis=[losses_axis])
                counts = weights if average else tf1.cast(tf1.not_equal(weights, 0), losses.dtype)
                losses = tf1.math.divide_no_nan(losses, tf1.reduce_sum(counts, axis=[axis]))
        return losses


def tile_batch(t: Nest, multiplier: int, name: str | None = None) -> Nest:
    """Repeats each example `multiplier` times in a row, in every tensor of a nest.

    Args:
      t: A nest of tensors, `[batch, ...]`. Scalars stay as they are.
      multiplier: The number of copies.
      name: The name scope of the operations.
    """

    def tile(tensor: Tensor) -> Tensor:
        return tensor if tensor.shape.ndims == 0 else tf1.repeat(tensor, multiplier, axis=0)

    with tf1.name_scope(name, "tile_batch", tf1.nest.flatten(t)):
        return tf1.nest.map_structure(lambda tensor: tile(tf1.convert_to_tensor(tensor)), t)


def gather_tree(
    step_ids: Tensor,
    parent_ids: Tensor,
    max_sequence_lengths: Tensor,
    end_token: Any,
    name: Any = None,
) -> Tensor:
    """Returns the tokens of each final beam of a beam search.

    It follows each beam from the last time step back to the first.

    Args:
      step_ids: The token of each beam at each time step, int32, `[time, batch, beams]`.
      parent_ids: The index of each beam's parent at the time step before, int32,
        `[time, batch, beams]`.
      max_sequence_lengths: The number of time steps of each example, `[batch]`. Later time steps
        are ignored.
      end_token: The token that ends a beam, a scalar.
      name: The name scope of the operations.

    Returns:
      The tokens, `[time, batch, beams]`; `end_token` from a beam's first `end_token` on.
    """
    with tf1.name_scope(name or "GatherTree"):
        lengths = tf1.convert_to_tensor(max_sequence_lengths)[:, None]
        step_ids, parent_ids = tf1.convert_to_tensor(step_ids), tf1.convert_to_tensor(parent_ids)
        time, batch, beams = tf1.unstack(tf1.shape(step_ids))
        ended = tf1.fill([batch, beams], end_token)

        def back(state: Any, position: Tensor) -> Any:
            parents = state[0]
            inside = tf1.broadcast_to(position < lengths, [batch, beams])
            tokens = tf1.gather(step_ids[position], parents, axis=1, batch_dims=1)
            grandparents = tf1.gather(parent_ids[position], parents, axis=1, batch_dims=1)
            return tf1.where(inside, grandparents, parents), tf1.where(inside, tokens, ended)

        final = tf1.tile(tf1.range(beams)[None], [batch, 1])
        _, tokens = tf1.scan(back, tf1.range(time), (final, ended), reverse=True)
        ends = tf1.cumsum(tf1.cast(tf1.equal(tokens, end_token), tf1.int32))
        tokens.set_shape(step_ids.shape)
        return tf1.where(ends > 0, tf1.fill(tf1.shape(tokens), end_token), tokens)
