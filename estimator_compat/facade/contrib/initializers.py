"""The initializers of `tf.contrib.layers`, with TensorFlow 1.15's distributions.

Its variance-scaling normal takes `sqrt(1.3 * factor / n)` as the deviation before truncation;
`tf.initializers.variance_scaling` corrects by another constant, so the two are not the same.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

_Initializer = Callable[..., Any]


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> _Initializer:
    """Draws with the variance `1 / n`, where n is the mean of a weight's inputs and outputs."""
    return variance_scaling_initializer(
        factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed, dtype=dtype
    )


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf.float32,
) -> _Initializer:
    """Draws with the variance `factor / n`.

    Args:
      factor: As in the formula.
      mode: What n counts: FAN_IN inputs, FAN_OUT outputs, FAN_AVG their mean.
      uniform: A uniform distribution, not a truncated normal one.
      seed: The op seed.
      dtype: A floating type.

    Raises:
      TypeError: The type is not floating, or the mode unknown.
    """
    _check_dtype(dtype)
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode}; expected FAN_IN, FAN_OUT or FAN_AVG; pass one.")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Any:
        _check_dtype(dtype)
        n = _fan([int(size) for size in shape], mode)
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return tf.random_uniform(shape, -limit, limit, dtype, seed=seed)
        return tf.truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return initializer


def _check_dtype(dtype: Any) -> None:
    if not tf.as_dtype(dtype).is_floating:
        raise TypeError(
            f"Cannot create initializer for non-floating point type {dtype}; expected such as "
            "tf.float32; pass `dtype`."
        )


def _fan(shape: Sequence[int], mode: str) -> float:
    field = math.prod(shape[:-2])
    fan_out = float(shape[-1]) if shape else 1.0
    fan_in = float(shape[-2]) if len(shape) > 1 else fan_out
    if mode == "FAN_AVG":
        return (fan_in + fan_out) * field / 2.0
    return (fan_in if mode == "FAN_IN" else fan_out) * field
