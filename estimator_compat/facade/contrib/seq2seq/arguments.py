"""Checks and converts the arguments that several classes of `tf.contrib.seq2seq` take."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def check_cell(cell: Any) -> None:
    """Raises a TypeError unless an argument `cell` can be used as an RNNCell."""
    lacks = [name for name in ("output_size", "state_size") if not hasattr(cell, name)]
    if not hasattr(cell, "get_initial_state") and not hasattr(cell, "zero_state"):
        lacks.append("zero_state")
    if not callable(cell):
        lacks.append("__call__")
    if lacks:
        raise TypeError(
            f"The argument 'cell' ({cell!r}) is not an RNNCell: it lacks {', '.join(lacks)}; pass "
            "an instance of a cell class of `tf.nn.rnn_cell`."
        )


def check_layer(output_layer: Any) -> None:
    """Raises a TypeError unless an argument `output_layer` is None or a layer."""
    if output_layer is not None and not isinstance(output_layer, tf1.keras.layers.Layer):
        raise TypeError(
            f"output_layer must be a Layer, received: {type(output_layer)}; pass an instance, such "
            "as `tf.layers.Dense(vocabulary_size)`."
        )


def embedding_function(embedding: Any) -> Callable[[Tensor], Tensor]:
    """Returns a function from ids to inputs: `embedding` itself, or a lookup in its rows."""
    if callable(embedding):
        function: Callable[[Tensor], Tensor] = embedding
        return function
    return lambda ids: tf1.nn.embedding_lookup(embedding, ids)


def start_and_end(start_tokens: Any, end_token: Any) -> tuple[Tensor, Tensor]:
    """Converts the tokens that start and end a sequence to tensors.

    Args:
      start_tokens: One token for each example, `[batch]`.
      end_token: A scalar.

    Raises:
      ValueError: One of them has another rank.
    """
    start = tf1.convert_to_tensor(start_tokens, dtype=tf1.int32, name="start_tokens")
    if start.shape.ndims != 1:
        raise ValueError(
            f"start_tokens must be a vector, but its shape is {start.shape}; pass one token for "
            "each example: `tf.fill([batch_size], start_token)`."
        )
    end = tf1.convert_to_tensor(end_token, dtype=tf1.int32, name="end_token")
    if end.shape.ndims != 0:
        raise ValueError(
            f"end_token must be a scalar, but its shape is {end.shape}; pass a single integer."
        )
    return start, end
