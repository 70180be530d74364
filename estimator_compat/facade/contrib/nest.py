"""`tf.contrib.framework.nest`, the older names of the public `tf.nest`, and `smart_cond`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

assert_same_structure = tf1.nest.assert_same_structure
flatten = tf1.nest.flatten
is_nested = tf1.nest.is_nested
is_sequence = tf1.nest.is_nested
map_structure = tf1.nest.map_structure
pack_sequence_as = tf1.nest.pack_sequence_as


def smart_cond(
    pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None
) -> Any:
    """Calls one of two functions if the predicate's value is static; otherwise builds a `tf.cond`.

    Args:
      pred: A boolean, or a scalar boolean tensor.
      true_fn: The function for True.
      false_fn: The function for False.
      name: The name of the `tf.cond`.
    """
    value = pred
    if tf1.is_tensor(pred):
        value = tf1.get_static_value(pred)
    if value is None:
        return tf1.cond(pred, true_fn, false_fn, name=name)
    return true_fn() if value else false_fn()
