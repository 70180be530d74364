"""`tf.contrib.framework.nest` and `smart_cond`: the public `tf.nest` under its older names."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

assert_same_structure = tf.nest.assert_same_structure
flatten = tf.nest.flatten
is_nested = tf.nest.is_nested
is_sequence = tf.nest.is_nested
map_structure = tf.nest.map_structure
pack_sequence_as = tf.nest.pack_sequence_as


def smart_cond(
    pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None
) -> Any:
    """Calls one of two functions where the predicate is known now; else builds a `tf.cond`."""
    known = pred
    if tf.is_tensor(pred):
        known = tf.get_static_value(pred)
    if known is None:
        return tf.cond(pred, true_fn, false_fn, name=name)
    return true_fn() if known else false_fn()
