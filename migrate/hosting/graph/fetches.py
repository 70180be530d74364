"""Turns the values that a model_fn returned into the tensors that `Session.run` would fetch."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from estimator_compat.type_aliases import Nest


def as_fetches(spec: Any, graph: tf.Graph) -> Any:
    """Returns an EstimatorSpec whose values are all tensors and operations of a graph.

    A variable is replaced by the tensor that reads it, because the variable's name is the name of
    its handle. The result of an assignment is replaced by the tensor that reads the variable after
    the assignment.

    Args:
      spec: The EstimatorSpec that a model_fn returned.
      graph: The graph that the model_fn built.
    """
    return spec._replace(
        loss=_fetch(spec.loss, graph),
        train_op=_fetch(spec.train_op, graph),
        predictions=_fetch_nest(spec.predictions, graph),
    )


def as_metric_fetches(metrics: Mapping[str, Any], graph: tf.Graph) -> dict[str, Any]:
    """Returns metrics whose values and updates are all tensors and operations of a graph.

    Args:
      metrics: Pairs of a value and an update, by the metrics' names.
      graph: The graph that the model_fn built.
    """
    return {name: tuple(_fetch(value, graph) for value in pair) for name, pair in metrics.items()}


def _fetch_nest(nest: Nest, graph: tf.Graph) -> Nest:
    return tf.nest.map_structure(lambda value: _fetch(value, graph), nest, expand_composites=True)


def _fetch(value: Any, graph: tf.Graph) -> Any:
    return None if value is None else graph.as_graph_element(value)
