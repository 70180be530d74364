"""`gather_tree`, and the same for the arrays of a cell's state."""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


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


def sorted_by_beam(values: Tensor, parent_ids: Tensor, lengths: Tensor) -> Tensor:
    """Returns what each final beam of a beam search had at each time step.

    Args:
      values: What the beams had, `[time, batch, beams, ...]` or `[time, batch * beams, ...]`.
      parent_ids: The index of each beam's parent at the time step before, `[time, batch, beams]`.
      lengths: The lengths of the final beams, `[batch, beams]`. Later time steps stay as they are.

    Returns:
      The sorted values, in the shape of `values`.
    """
    shape = tf1.shape(parent_ids)
    places = tf1.broadcast_to(tf1.range(shape[2]), shape)
    longest = tf1.cast(tf1.reduce_max(lengths, axis=1), tf1.int32)
    # No place is this "end token", so none ends a beam.
    places_of_final = gather_tree(places, parent_ids, longest, end_token=shape[2] + 1)
    inside = tf1.transpose(tf1.sequence_mask(lengths, maxlen=shape[0]), [2, 0, 1])
    places_of_final = tf1.where(inside, places_of_final, places)
    by_beam = tf1.reshape(values, tf1.concat([shape, [-1]], 0))
    found = tf1.gather(by_beam, places_of_final, axis=2, batch_dims=2)
    return tf1.reshape(found, tf1.shape(values))
