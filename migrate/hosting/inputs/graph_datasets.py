"""Takes a Dataset out of the graph in which it was built."""

from collections.abc import Collection
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Dataset, Nest

_FACTORY_CALL = "hosted_dataset"


def as_eager(variant: tf.Tensor, element_spec: Nest) -> Dataset:
    """Returns a graph's Dataset as one that eager code can iterate over.

    It has the operations of the graph's Dataset, with their seeds. The lookup tables that it reads
    are filled.

    Args:
      variant: The Dataset as a tensor of the graph: see `tf.data.experimental.to_variant`.
      element_spec: The specs of an element.
    """
    graph = variant.graph
    running = graph_traversal.ancestors([variant], control_inputs=True)
    fills = _table_initializers(graph, running)
    ends = graph_traversal.ancestors([variant, *fills], control_inputs=True)
    whole = function_of(subgraph(graph, ends))
    if fills:
        whole.prune([], [whole.graph.as_graph_element(op.name) for op in fills])()
    value = whole.prune([], whole.graph.as_graph_element(variant.name))()
    return _keeping(tf.data.experimental.from_variant(value, element_spec), graph)


def made_by(graph: tf.Graph, factory: str, element_spec: Nest) -> Dataset:
    """Returns the Dataset that a function of a graph makes, as one for eager code.

    Args:
      graph: The graph.
      factory: The name of a function without arguments, which returns a Dataset.
      element_spec: The specs of an element.
    """
    definition = tf1.GraphDef(library=graph.as_graph_def().library)
    node = definition.node.add(name=_FACTORY_CALL, op="StatefulPartitionedCall")
    node.attr["Tin"].list.SetInParent()
    node.attr["Tout"].list.type.append(tf.variant.as_datatype_enum)
    node.attr["f"].func.name = factory
    whole = function_of(definition)
    value = whole.prune([], whole.graph.as_graph_element(f"{_FACTORY_CALL}:0"))()
    return _keeping(tf.data.experimental.from_variant(value, element_spec), graph)


def _table_initializers(graph: tf.Graph, running: Collection[tf.Operation]) -> list[tf.Operation]:
    """Returns the operations that fill the tables that some of a graph's operations read."""
    initializers = graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)
    return [op for op in initializers if op.inputs and op.inputs[0].op in running]


def function_of(definition: Any) -> Any:
    """Returns a function without arguments, whose graph is a GraphDef's."""

    def import_graph() -> tf.Tensor:
        tf1.import_graph_def(definition, name="")
        return tf.constant(0)

    return tf1.wrap_function(import_graph, [])


def subgraph(graph: tf.Graph, ops: Collection[tf.Operation]) -> Any:
    """Returns the GraphDef of some of a graph's operations, with the graph's functions."""
    whole = graph.as_graph_def()
    definition = tf1.GraphDef(versions=whole.versions, library=whole.library)
    names = {op.name for op in ops}
    definition.node.extend(node for node in whole.node if node.name in names)
    for node in definition.node:
        node.attr.pop("_class", None)  # a node to be placed beside may not be among them
    return definition


def _keeping(dataset: Dataset, graph: tf.Graph) -> Dataset:
    """Returns the dataset, which then keeps its graph: the graph owns its Python functions."""
    dataset.__dict__["_graph_of_python_functions"] = graph
    return dataset
