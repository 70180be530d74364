"""Converts nests between what a loop handles (tensors) and what is compared (NumPy arrays)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf


def map_leaves(function: Callable[[Any], Any], nest: Any) -> Any:
    """Calls a function with each leaf of a nest of mappings, lists, tuples and named tuples.

    Returns:
      A nest of the same structure; mappings become dicts.
    """
    if isinstance(nest, Mapping):
        return {key: map_leaves(function, value) for key, value in nest.items()}
    if is_leaf(nest):
        return function(nest)
    parts = [map_leaves(function, part) for part in nest]
    if hasattr(nest, "_fields"):
        return type(nest)(*parts)
    return tuple(parts) if isinstance(nest, tuple) else parts


def is_leaf(nest: Any) -> bool:
    """Tells whether `map_leaves` takes a value as a whole, such as an array or a SparseTensor."""
    if isinstance(nest, tf.compat.v1.SparseTensorValue):
        return True
    return not isinstance(nest, Mapping | list | tuple)


def to_numpy(nest: Any) -> Any:
    """Returns a nest with NumPy arrays for tensors and variables.

    A SparseTensor becomes a SparseTensorValue, a RaggedTensor a RaggedTensorValue, as in the
    results of a session. Leaves that are no tensors stay.
    """
    return map_leaves(_leaf_to_numpy, nest)


def _leaf_to_numpy(leaf: Any) -> Any:
    if isinstance(leaf, tf.SparseTensor):
        parts = (leaf.indices, leaf.values, leaf.dense_shape)
        return tf.compat.v1.SparseTensorValue(*(part.numpy() for part in parts))
    if isinstance(leaf, tf.IndexedSlices):
        return tf.convert_to_tensor(leaf).numpy()
    if isinstance(leaf, tf.RaggedTensor):
        values = _leaf_to_numpy(leaf.values)
        return tf.compat.v1.ragged.RaggedTensorValue(values, leaf.row_splits.numpy())
    # NumPy cannot read a scalar tensor of bfloat16 by itself.
    return leaf.numpy() if hasattr(leaf, "numpy") else leaf


def to_tensors(nest: Any) -> Any:
    """Returns a nest with tensors for NumPy arrays: the reverse of `to_numpy`."""
    return map_leaves(_leaf_to_tensor, nest)


def _leaf_to_tensor(leaf: Any) -> Any:
    if isinstance(leaf, tf.compat.v1.SparseTensorValue):
        return tf.SparseTensor.from_value(leaf)
    if isinstance(leaf, tf.compat.v1.ragged.RaggedTensorValue):
        values = _leaf_to_tensor(leaf.values)
        return tf.RaggedTensor.from_row_splits(values, leaf.row_splits, validate=False)
    if isinstance(leaf, np.ndarray | np.generic):
        return tf.constant(leaf)
    return leaf


def dataset_of(values: list[Any], spec: Any) -> Any:
    """Returns a `tf.data.Dataset` of batches.

    Args:
      values: A nest of NumPy arrays for each batch.
      spec: The nest of `tf.TypeSpec`s that all batches match.
    """

    def elements() -> Any:
        yield from values

    return tf.data.Dataset.from_generator(elements, output_signature=spec)
