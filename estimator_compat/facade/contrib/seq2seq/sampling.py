"""Random choices of the helpers: the ops, and so the random numbers, of TensorFlow 1.15."""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def bernoulli(probability: Tensor, count: Any, seed: int | None) -> Tensor:
    """Draws booleans.

    Args:
      probability: The probability of True, a scalar or a vector.
      count: The number of draws.
      seed: The seed of the operation.

    Returns:
      `[count]`, followed by the shape of `probability`.
    """
    shape = tf1.concat([[count], tf1.shape(probability)], 0)
    return tf1.random_uniform(shape, seed=seed, dtype=probability.dtype) < probability


def categorical(logits: Tensor, seed: int | None) -> Tensor:
    """Draws an id for each vector of logits.

    Args:
      logits: `[..., classes]`.
      seed: The seed of the operation.

    Returns:
      The ids, int32, `[...]`.
    """
    shape = tf1.shape(logits)
    flat = logits if logits.shape.ndims == 2 else tf1.reshape(logits, [-1, shape[-1]])
    dtype = tf1.int64 if logits.dtype.size > 4 else tf1.int32
    drawn = tf1.random.categorical(flat, 1, seed=seed, dtype=dtype)
    ids = tf1.cast(tf1.reshape(drawn, shape[:-1]), tf1.int32)
    ids.set_shape(logits.shape[:-1])
    return ids
