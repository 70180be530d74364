"""`tf.contrib.rnn` functions on `tf.nn`'s."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf


def transpose_batch_time(x: Any) -> Any:
    """Swaps the first two axes; a tensor of fewer stays as it is."""
    rank = x.shape.ndims
    return x if rank is None or rank < 2 else tf.transpose(x, [1, 0, *range(2, rank)])


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Stacks bidirectional RNNs; each reads both directions of the one below.

    Returns:
      The top's outputs, forward and backward joined in the last axis, and the final states of each
      layer, forward and backward.

    Raises:
      ValueError: There are no cells, or not as many backward as forward.
    """
    if not cells_fw or len(cells_fw) != len(cells_bw):
        raise ValueError(
            f"Forward and Backward cells must have the same depth ({len(cells_fw)} and "
            f"{len(cells_bw)}); expected at least one of each; make the lists equally long."
        )
    layers = len(cells_fw)
    starts_fw = initial_states_fw or [None] * layers
    starts_bw = initial_states_bw or [None] * layers
    states = []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for number in range(layers):
            with tf.variable_scope(f"cell_{number}"):
                outputs, state = tf.nn.bidirectional_dynamic_rnn(
                    cells_fw[number],
                    cells_bw[number],
                    inputs,
                    initial_state_fw=starts_fw[number],
                    initial_state_bw=starts_bw[number],
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                inputs = tf.concat(outputs, 2)
                states.append(state)
    forward, backward = zip(*states, strict=True)
    return inputs, forward, backward
