"""Lets all functions of a graph draw from one sequence of random numbers, as a session did.

A random op keeps its place in the sequence in its kernel, and each function has kernels of its own.
In a session, the calls with different fetches share the kernels. Random ops are therefore replaced
by ops that draw the same numbers, bit for bit, and keep their place in a variable.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import random_ops

_STATEFUL = {
    "RandomUniform": "StatefulUniform",
    "RandomStandardNormal": "StatefulStandardNormalV2",
    "TruncatedNormal": "StatefulTruncatedNormal",
    "RandomUniformInt": "StatefulUniformInt",
}
# The attribute with the dtype of the numbers, if it is not called "dtype".
_DTYPES = {"RandomUniformInt": "Tout"}
_PHILOX = 1  # of tf.random.Algorithm
_PREFIX = "hosted_draws"

# The variables that keep the places, by the names of the placeholders of their handles.
States = Mapping[str, tf.Variable]


def share(definition: Any) -> States:
    """Replaces the random ops of a GraphDef that have a seed; changes it in place.

    The random ops in functions stay, such as those in the body of a loop of control flow v2. The
    handle of a variable gets into a loop of control flow v1 through an `Enter` of its own.

    Returns:
      New variables. Their handles must be given for the placeholders of these names.
    """
    every = {node.name: node for node in definition.node}
    nodes = [node for node in every.values() if _is_replaced(node)]
    if not nodes:
        return {}
    loops = [random_ops.loops_around(node, every) for node in nodes]
    algorithm = f"{_PREFIX}/algorithm"
    states = {}
    for index, (node, around) in enumerate(zip(nodes, loops, strict=True)):
        handle = f"{_PREFIX}/state_{index}"
        key, counter = node.attr["seed"].i, node.attr["seed2"].i
        states[handle] = tf.Variable(np.array([0, counter, key], np.int64), trainable=False)
        _replace(node, _entered([(handle, tf.resource), (algorithm, tf.int64)], around, definition))
    for handle in states:
        definition.node.append(_node(handle, "Placeholder", dtype=_type(tf.resource)))
    value = tf1.AttrValue(tensor=tf.make_tensor_proto(_PHILOX, tf.int64))
    definition.node.append(_node(algorithm, "Const", dtype=_type(tf.int64), value=value))
    return states


def unshared(graph: tf.Graph, ends: Any) -> list[random_ops.RandomOp]:
    """Returns the random ops with a seed that `ends` depend on and that `share` does not replace.

    Args:
      graph: The graph.
      ends: Tensors and operations of the graph.
    """
    replaced = {node.name for node in graph.as_graph_def().node if _is_replaced(node)}
    drawing = random_ops.find(graph, ends)
    return [op for op in drawing if op.is_repeatable and op.name not in replaced]


def _entered(
    values: Sequence[tuple[str, tf.DType]], loops: Sequence[Any], definition: Any
) -> list[str]:
    """Takes values into loops of control flow v1.

    Args:
      values: The names of the values outside of the loops, with their dtypes.
      loops: An `Enter` of each loop, the outer ones first.
      definition: The GraphDef, which gets more `Enter`s.

    Returns:
      The names of the values in the innermost loop.
    """
    names = []
    for name, dtype in values:
        inside = name
        for loop in loops:
            outside, inside = inside, f"{name}/in/{loop.name}"
            if not any(node.name == inside for node in definition.node):
                attributes = {key: loop.attr[key] for key in ("frame_name", "parallel_iterations")}
                constant = tf1.AttrValue(b=True)
                enter = _node(inside, "Enter", T=_type(dtype), is_constant=constant, **attributes)
                enter.input.append(outside)
                definition.node.append(enter)
        names.append(inside)
    return names


def _is_replaced(node: Any) -> bool:
    return node.op in _STATEFUL and bool(node.attr["seed"].i or node.attr["seed2"].i)


def _replace(node: Any, first_inputs: list[str]) -> None:
    """Makes a NodeDef the stateful op that draws the same numbers."""
    dtype = _DTYPES.get(node.op, "dtype")
    node.op = _STATEFUL[node.op]
    inputs = [*first_inputs, *node.input]
    del node.input[:]
    node.input.extend(inputs)
    node.attr["shape_dtype"].CopyFrom(node.attr["T"])
    node.attr["dtype"].CopyFrom(node.attr[dtype])
    for name in {"T", "seed", "seed2", dtype} - {"dtype"}:
        del node.attr[name]


def _node(name: str, op: str, **attributes: Any) -> Any:
    node = tf1.NodeDef(name=name, op=op)
    for key, value in attributes.items():
        node.attr[key].CopyFrom(value)
    return node


def _type(dtype: tf.DType) -> Any:
    return tf1.AttrValue(type=dtype.as_datatype_enum)
