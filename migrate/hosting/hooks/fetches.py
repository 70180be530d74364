"""Takes the fetches and feeds of `Session.run` apart: the tensors and operations of a graph."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Nest

# Takes the values of tensors and operations by their names; an operation has the value None.
Build = Callable[[Mapping[str, Any]], Any]
# Tensors and operations by their names.
Elements = dict[str, Any]


class Fetches:
    """A structure of fetches.

    Args:
      graph: The graph.
      fetches: What `Session.run` takes: tensors, operations, variables, composite tensors and
        names, in nested lists, tuples and dicts.

    Attributes:
      elements: The tensors and operations that are fetched, by their names.

    Raises:
      TypeError: A fetch is of a type that cannot be fetched.
      ValueError: A fetch is in another graph.
      KeyError: A name is not in the graph.
    """

    def __init__(self, graph: tf.Graph, fetches: Nest) -> None:
        self.elements: Elements = {}
        self._graph = graph
        self._build = self._builder(fetches)

    def build(self, values: Mapping[str, Any]) -> Any:
        """Returns the structure of the fetches, with their values.

        Args:
          values: The values of `elements`.
        """
        return self._build(values)

    def _builder(self, fetch: Any) -> Build:
        if isinstance(fetch, Mapping):
            named = {key: self._builder(value) for key, value in fetch.items()}
            is_default = type(fetch).__name__ == "defaultdict"
            make: Callable[..., Any] = dict if is_default else type(fetch)
            return lambda values: make((key, build(values)) for key, build in named.items())
        if isinstance(fetch, list | tuple):
            return self._sequence(fetch)
        if isinstance(fetch, tf.SparseTensor):
            parts = (fetch.indices, fetch.values, fetch.dense_shape)
            return self._composite(parts, tf1.SparseTensorValue)
        if isinstance(fetch, tf.IndexedSlices):
            return self._composite(
                (fetch.values, fetch.indices, fetch.dense_shape), tf1.IndexedSlicesValue
            )
        if isinstance(fetch, tf.RaggedTensor):
            return self._composite((fetch.values, fetch.row_splits), tf1.ragged.RaggedTensorValue)
        if hasattr(type(fetch), "__attrs_attrs__"):
            fields = [attribute.name for attribute in type(fetch).__attrs_attrs__]
            parts = tuple(getattr(fetch, name) for name in fields)
            return self._composite(parts, type(fetch))
        return self._leaf(fetch)

    def _sequence(self, fetch: Any) -> Build:
        builds = [self._builder(each) for each in fetch]
        if hasattr(fetch, "_fields"):
            return lambda values: type(fetch)(*(build(values) for build in builds))
        return lambda values: type(fetch)(build(values) for build in builds)

    def _composite(self, parts: tuple[Any, ...], make: Callable[..., Any]) -> Build:
        builds = [None if part is None else self._builder(part) for part in parts]
        return lambda values: make(*(None if b is None else b(values) for b in builds))

    def _leaf(self, fetch: Any) -> Build:
        element = _element(self._graph, fetch, "fetch")
        self.elements[element.name] = element
        return lambda values: values[element.name]


def _element(graph: tf.Graph, key: Any, argument: str) -> Any:
    try:
        return graph.as_graph_element(key, allow_operation=argument == "fetch")
    except TypeError as error:
        raise TypeError(
            f"the {argument} {key!r:.100} has the type {type(key).__name__}; expected a tensor, an "
            "operation, a variable or a name of the graph, as for `Session.run`; look the tensor "
            "up in `begin`, where the graph is the default graph."
        ) from error


def feeds(graph: tf.Graph, feed_dict: Mapping[Any, Any] | None) -> dict[str, tuple[Any, Any]]:
    """Returns the tensors that are fed, with their values as arrays, by the tensors' names.

    Args:
      graph: The graph.
      feed_dict: As for `Session.run`.

    Raises:
      TypeError: A key is not a tensor.
      ValueError: A value does not have the shape of its tensor.
    """
    fed: dict[str, tuple[Any, Any]] = {}
    for key, value in (feed_dict or {}).items():
        for part, part_value in _parts(key, value):
            tensor = _element(graph, part, "feed")
            fed[tensor.name] = tensor, _array(tensor, part_value)
    return fed


def _parts(key: Any, value: Any) -> list[tuple[Any, Any]]:
    """Takes a composite tensor and its value apart."""
    if isinstance(key, tf.SparseTensor):
        return list(zip((key.indices, key.values, key.dense_shape), value, strict=True))
    if isinstance(key, tf.IndexedSlices):
        parts = zip((key.values, key.indices, key.dense_shape), value, strict=False)
        return [(part, part_value) for part, part_value in parts if part is not None]
    return [(key, value)]


def _array(tensor: tf.Tensor, value: Any) -> Any:
    if tf.is_tensor(value):
        raise TypeError(
            f"the value that is fed for {tensor.name!r} is a tensor, {value!r:.100}; expected a "
            "number, a list or an array; compute it first, with `session.run`."
        )
    array = np.asarray(value, dtype=tensor.dtype.as_numpy_dtype)
    if not tensor.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {array.shape} for Tensor {tensor.name!r}, which has shape "
            f"{tensor.shape}; expected a value of that shape; reshape it."
        )
    return array
