"""The initializers of `tf.contrib.layers`, with TensorFlow 1.15's distributions.

The truncated normal distribution has the deviation `sqrt(1.3 * factor / n)` before truncation.
`tf.initializers.variance_scaling` uses another constant instead of 1.3, so it draws other values.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor

_Initializer = Callable[..., Any]


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf1.float32
) -> _Initializer:
    """Returns Xavier's initializer: values of variance `1 / n`.

    Args:
      uniform: Whether the distribution is uniform or a truncated normal one.
      seed: The op seed.
      dtype: A floating type.

    Returns:
      The initializer; n is the mean of a layer's numbers of inputs and outputs.
    """
    return variance_scaling_initializer(
        factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed, dtype=dtype
    )


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf1.float32,
) -> _Initializer:
    """Returns an initializer of values of variance `factor / n`.

    Args:
      factor: The factor of the variance.
      mode: What n is: FAN_IN for the number of inputs, FAN_OUT for the number of outputs, FAN_AVG
        for their mean.
      uniform: Whether the distribution is uniform or a truncated normal one.
      seed: The op seed.
      dtype: A floating type.

    Raises:
      TypeError: The type is not floating, or the mode is unknown.
    """
    _check_dtype(dtype)
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode}; expected FAN_IN, FAN_OUT or FAN_AVG; correct it.")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Tensor:
        del partition_info
        _check_dtype(dtype)
        n = _fan([int(size) for size in shape], mode)
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return tf1.random_uniform(shape, -limit, limit, dtype, seed=seed)
        return tf1.truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return initializer


def _check_dtype(dtype: Any) -> None:
    if not tf1.as_dtype(dtype).is_floating:
        raise TypeError(
            f"Cannot create initializer for non-floating point type {dtype}; expected a floating "
            "type such as tf.float32; pass `dtype`."
        )


def _fan(shape: Sequence[int], mode: str) -> float:
    """Returns the number of inputs or outputs of a layer whose weights have this shape."""
    field = math.prod(shape[:-2])
    fan_out = float(shape[-1]) if shape else 1.0
    fan_in = float(shape[-2]) if len(shape) > 1 else fan_out
    if mode == "FAN_AVG":
        return (fan_in + fan_out) * field / 2.0
    return (fan_in if mode == "FAN_IN" else fan_out) * field
