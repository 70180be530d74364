"""Batches that show what ordinary ones hide: a short one, and one with weights of 0."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.type_aliases import Nest
from migrate.batch import Batch
from migrate.verifying.subject_calls.arrays import is_leaf


def leaves(element: Nest) -> Iterator[tuple[str, Any]]:
    """Yields the arrays of a batch by their names, such as "features/age" and "labels"."""
    batch = Batch.of(element)
    yield from named(batch.features, "features")
    if batch.labels is not None:
        yield from named(batch.labels, "labels")


def named(nest: Nest, name: str) -> Iterator[tuple[str, Any]]:
    """Yields the leaves of a nest by their names: keys and indices after `name`."""
    if is_leaf(nest):
        yield name, nest
        return
    parts = nest.items() if hasattr(nest, "items") else enumerate(nest)
    for key, value in parts:
        yield from named(value, f"{name}/{key}")


def size(element: Nest) -> int | None:
    """Returns the number of examples of a batch; None if its arrays differ in their first axis."""
    sizes = {_rows(value) for _, value in leaves(element)}
    [only] = sizes if len(sizes) == 1 else [None]
    return only


def _rows(value: Any) -> int | None:
    if isinstance(value, tf.compat.v1.SparseTensorValue):
        return int(value.dense_shape[0])
    return len(value) if isinstance(value, np.ndarray) and value.ndim else None


def may_be_short(spec: Any) -> bool:
    """Tells whether the specs of a batch allow any number of examples."""
    specs = [one for _, one in leaves(spec)]
    return all(
        one.shape.rank is None or (one.shape.rank > 0 and one.shape.as_list()[0] is None)
        for one in specs
    )


def shortened(element: Nest, count: int) -> Nest:
    """Returns the first examples of a batch."""

    def first(_: str, value: Any) -> Any:
        if not isinstance(value, tf.compat.v1.SparseTensorValue):
            return value[:count]
        kept = value.indices[:, 0] < count
        shape = np.array([count, *value.dense_shape[1:]], value.dense_shape.dtype)
        return tf.compat.v1.SparseTensorValue(value.indices[kept], value.values[kept], shape)

    return _map(first, element)


def with_zeros(element: Nest, name: str) -> Nest:
    """Returns a batch in which every second example of one array is 0."""

    def zeroed(own: str, value: Any) -> Any:
        if own != name:
            return value
        new = value.copy()
        new[1::2] = 0
        return new

    return _map(zeroed, element)


def _map(function: Any, element: Nest) -> Nest:
    batch = Batch.of(element)
    features = _map_named(function, batch.features, "features")
    if batch.labels is None:
        return features
    return features, _map_named(function, batch.labels, "labels")


def _map_named(function: Any, nest: Nest, name: str) -> Nest:
    if is_leaf(nest):
        return function(name, nest)
    if hasattr(nest, "items"):
        return {key: _map_named(function, one, f"{name}/{key}") for key, one in nest.items()}
    parts = [_map_named(function, one, f"{name}/{index}") for index, one in enumerate(nest)]
    return type(nest)(*parts) if hasattr(nest, "_fields") else type(nest)(parts)
