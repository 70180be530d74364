"""The functions of a graph: the types of their operations, nested calls included."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import function_library


@tf.function
def inner(x: Any) -> Any:
    return tf.exp(x)


@tf.function
def outer(x: Any) -> Any:
    return inner(x) + inner(x)


def test_the_types_of_a_function_and_of_those_that_it_calls() -> None:
    with tf1.Graph().as_default() as graph:
        outer(tf1.placeholder(tf.float32, []))
        definition = graph.as_graph_def()
    [call] = [node for node in definition.node if list(function_library.called(node))]
    functions = function_library.library(definition)
    assert len(functions) == 2
    types = list(function_library.op_types(function_library.called(call), functions))
    assert types.count("Exp") == 1  # called twice, opened once
    assert "AddV2" in types


def test_functions_that_call_each_other_end() -> None:
    """TensorFlow does not build such functions, but a GraphDef can have them. Each is read once."""
    library = tf1.GraphDef().library
    for name, callee in (("one", "two"), ("two", "one")):
        function = library.function.add()
        function.signature.name = name
        function.node_def.add(name="call", op="PartitionedCall").attr["f"].func.name = callee
    functions = function_library.library(tf1.GraphDef(library=library))
    assert list(function_library.op_types(["one"], functions)) == ["PartitionedCall"] * 2


def test_a_node_without_functions_and_an_op_that_is_no_function() -> None:
    assert list(function_library.called(tf1.NodeDef(name="x", op="Identity"))) == []
    assert list(function_library.op_types(["Identity"], {})) == []
