"""`tf.contrib.data` transformations that became arguments of `tf.data`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

_Transformation = Callable[[Any], Any]


def batch_and_drop_remainder(batch_size: Any) -> _Transformation:
    """Batches a dataset without its short last batch."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> _Transformation:
    """Batches and pads a dataset without its short last batch."""
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def sloppy_interleave(
    map_func: Callable[..., Any], cycle_length: Any, block_length: int = 1
) -> _Transformation:
    """Interleaves datasets in the order in which they have elements."""
    return tf.data.experimental.parallel_interleave(
        map_func, cycle_length, block_length=block_length, sloppy=True
    )
