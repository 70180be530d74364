"""What a session runs when it is asked for something that a model_fn returned."""

from typing import Any

import tensorflow as tf


def as_fetches(spec: Any, graph: tf.Graph) -> Any:
    """An EstimatorSpec whose values are all tensors and operations of a graph.

    A variable, which bears its handle's name, becomes the tensor that reads it; what an assignment
    returns, the tensor that reads the variable behind it.
    """
    return spec._replace(
        loss=_fetched(spec.loss, graph),
        train_op=_fetched(spec.train_op, graph),
        predictions=_all_fetched(spec.predictions, graph),
    )


def as_metric_fetches(given: Any, graph: tf.Graph) -> dict[str, Any]:
    """The same for metrics: pairs of a value and an update."""
    return {name: tuple(_fetched(one, graph) for one in pair) for name, pair in given.items()}


def _all_fetched(nest: Any, graph: tf.Graph) -> Any:
    return tf.nest.map_structure(lambda one: _fetched(one, graph), nest, expand_composites=True)


def _fetched(value: Any, graph: tf.Graph) -> Any:
    return None if value is None else graph.as_graph_element(value)
