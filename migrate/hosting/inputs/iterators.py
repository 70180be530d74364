"""Finds the Dataset behind the tensors that an iterator's `get_next()` returned."""

from collections.abc import Collection
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.inputs import parse_input_fn_result
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Dataset, Nest
from migrate.batch import Batch
from migrate.hosting.inputs import graph_datasets


def element_of(result: Any) -> Nest:
    """Returns the tensors that an input_fn returned: features, or `(features, labels)`.

    Raises:
      ValueError: As `parse_input_fn_result`.
    """
    parsed = parse_input_fn_result(result)
    return Batch(parsed.features, parsed.labels).element


def as_eager(element: Nest) -> Dataset | None:
    """Returns a Dataset whose elements are the values of an element, one after the other.

    Args:
      element: A nest of tensors of one graph.

    Returns:
      The Dataset; None if the tensors do not come from a single iterator over a Dataset, or if the
      operations behind the iterator have a state.
    """
    ends = tf.nest.flatten(element, expand_composites=True)
    running = graph_traversal.ancestors(ends, control_inputs=True, stop_at=_is_get_next)
    sources = [op for op in running if _is_get_next(op)]
    later = [op for op in running if not _is_get_next(op)]
    if len(sources) != 1 or any(op.op_def is None or op.op_def.is_stateful for op in later):
        return None
    source = sources[0]
    specs = tuple(tf.TensorSpec(output.shape, output.dtype) for output in source.outputs)
    dataset = _dataset_of(source, specs)
    if dataset is None or not specs:
        return None
    return dataset.map(_later(source, later, element))


def are_of_hooks(ends: Collection[tf.Tensor]) -> bool:
    """Returns whether tensors come from iterators whose initializers no session runs by itself.

    A session runs initializers that are in the collection of lookup tables.
    """
    running = graph_traversal.ancestors(ends, control_inputs=True)
    iterators = {op for op in running if op.type == "IteratorV2"}
    if not iterators:
        return False
    graph = next(iter(iterators)).graph
    registered = set(graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS))
    return not any(
        op in registered
        for op in graph.get_operations()
        if op.type == "MakeIterator" and op.inputs[1].op in iterators
    )


def _is_get_next(op: tf.Operation) -> bool:
    return bool(op.type == "IteratorGetNext")


def _dataset_of(get_next: tf.Operation, specs: tuple[tf.TensorSpec, ...]) -> Dataset | None:
    """Returns the Dataset of an iterator; its elements are the tuples of the iterator's tensors."""
    iterator, graph = get_next.inputs[0].op, get_next.graph
    if iterator.type == "OneShotIterator":
        factory = iterator.get_attr("dataset_factory").name
        return graph_datasets.made_by(graph, factory, specs)
    makers = [
        op
        for op in graph.get_operations()
        if op.type == "MakeIterator" and op.inputs[1].op is iterator
    ]
    if len(makers) != 1:
        return None
    variant = makers[0].inputs[0]
    running = graph_traversal.ancestors([variant], control_inputs=True)
    if any(op.type.startswith("Placeholder") or op.type == "VarHandleOp" for op in running):
        return None
    return graph_datasets.as_eager(variant, specs)


def _later(source: tf.Operation, ops: Collection[tf.Operation], element: Nest) -> Any:
    """Returns a function from an iterator's tensors to the element that is computed from them."""
    definition = graph_datasets.subgraph(source.graph, ops)
    flat = tf.nest.flatten(element, expand_composites=True)
    read = {tensor.name for op in ops for tensor in op.inputs if tensor.op is source}

    @tf.autograph.experimental.do_not_convert
    def later(*values: tf.Tensor) -> Nest:
        given = {output.name: value for output, value in zip(source.outputs, values, strict=True)}
        computed = [tensor.name for tensor in flat if tensor.name not in given]
        found = tf1.import_graph_def(
            definition,
            name="",
            input_map={name: given[name] for name in read},
            return_elements=computed,
        )
        by_name = {**given, **dict(zip(computed, found, strict=True))}
        return tf.nest.pack_sequence_as(
            element, [by_name[tensor.name] for tensor in flat], expand_composites=True
        )

    return later
