"""The summaries of the layers of canned estimators."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor, Variable


def write_layer(value: Tensor, tag: str) -> None:
    """Adds summaries of the outputs of a layer: how many are 0, and their histogram."""
    tf1.summary.scalar(f"{tag}/fraction_of_zero_values", tf.math.zero_fraction(value))
    tf1.summary.histogram(f"{tag}/activation", value)


def write_linear(bias: Tensor, units: int, weights: Sequence[Variable]) -> None:
    """Adds summaries of a linear model: its bias, and how many weights are 0.

    Args:
      bias: The bias of each unit.
      units: The number of units.
      weights: The weights of all columns.
    """
    if units > 1:
        tf1.summary.histogram("bias", bias)
    else:
        tf1.summary.scalar("bias", bias[0])
    tf1.summary.scalar("fraction_of_zero_weights", zero_fraction(weights))


def zero_fraction(variables: Sequence[Variable]) -> Tensor:
    """Returns how many numbers of variables are 0, as a fraction of all; NaN without numbers."""
    with tf1.name_scope(None, "zero_fraction"):
        sizes = [tf.size(variable, out_type=tf.int64) for variable in variables]
        # `zero_fraction` of no numbers is NaN.
        zeros = [
            tf.math.multiply_no_nan(tf.math.zero_fraction(variable), tf.cast(size, tf.float32))
            for variable, size in zip(variables, sizes, strict=True)
        ]
        return tf.add_n(zeros) / tf.cast(tf.add_n(sizes), tf.float32)
