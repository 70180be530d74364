"""Transformations of `tf.contrib.data` that became arguments of methods of `tf.data`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Dataset

_Transformation = Callable[[Dataset], Dataset]


def batch_and_drop_remainder(batch_size: Any) -> _Transformation:
    """Returns a transformation that batches a dataset and drops a last batch that is not full."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> _Transformation:
    """Returns a transformation that pads and batches, and drops a last batch that is not full."""
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def sloppy_interleave(
    map_func: Callable[..., Any], cycle_length: Any, block_length: int = 1
) -> _Transformation:
    """Returns a transformation that interleaves datasets as their elements become available."""
    transformation: _Transformation = tf1.data.experimental.parallel_interleave(
        map_func, cycle_length, block_length=block_length, sloppy=True
    )
    return transformation
