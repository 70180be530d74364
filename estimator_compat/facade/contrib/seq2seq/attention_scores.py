"""Scores of Bahdanau's and of Luong's attention, with their variables.

Dzmitry Bahdanau and others, "Neural Machine Translation by Jointly Learning to Align and
Translate", 2015. Minh-Thang Luong and others, "Effective Approaches to Attention-based Neural
Machine Translation", 2015.
"""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def bahdanau(query: Tensor, keys: Tensor, num_units: int, *, normalize: bool, dtype: Any) -> Tensor:
    """Returns the scores of additive attention, `[batch, time]`.

    Its variables are in the current variable scope.

    Args:
      query: `[batch, num_units]`.
      keys: `[batch, time, num_units]`.
      num_units: The size of queries and keys.
      normalize: Whether the length of the vector `v` is a variable of its own, and a bias is added.
      dtype: The dtype of the variables.
    """
    vector = tf1.get_variable("attention_v", [num_units], dtype=dtype)
    sums = keys + query[:, None]
    if normalize:
        length = tf1.get_variable(
            "attention_g",
            shape=(),
            dtype=dtype,
            initializer=tf1.constant_initializer((1.0 / num_units) ** 0.5),
        )
        bias = tf1.get_variable(
            "attention_b", [num_units], dtype=dtype, initializer=tf1.zeros_initializer()
        )
        vector = length * vector * tf1.rsqrt(tf1.reduce_sum(tf1.square(vector)))
        sums = sums + bias
    return tf1.reduce_sum(vector * tf1.tanh(sums), [2])


def luong(query: Tensor, keys: Tensor, *, scale: bool) -> Tensor:
    """Returns the scores of multiplicative attention, `[batch, time]`.

    Its variable is in the current variable scope.

    Args:
      query: `[batch, num_units]`.
      keys: `[batch, time, num_units]`.
      scale: Whether the scores are multiplied by a variable.

    Raises:
      ValueError: The sizes of query and keys differ.
    """
    depth, units = query.shape[-1], keys.shape[-1]
    if depth != units:
        raise ValueError(
            "Incompatible or unknown inner dimensions between query and keys. Query "
            f"({query}) has units: {depth}. Keys ({keys}) have units: {units}; expected the same "
            f"number; set `num_units` ({units}) to the size of the cell's output ({depth})."
        )
    scores = tf1.squeeze(tf1.matmul(query[:, None], keys, transpose_b=True), [1])
    if not scale:
        return scores
    factor = tf1.get_variable(
        "attention_g", shape=(), dtype=query.dtype, initializer=tf1.ones_initializer()
    )
    return factor * scores
