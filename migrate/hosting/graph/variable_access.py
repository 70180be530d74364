"""Tells which operations of a graph read its variables, and which may write to them."""

import re

import tensorflow as tf

from migrate.hosting.graph import function_library

READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
_QUERIES = ("VarIsInitializedOp", "VariableShape")
# Operations that TensorFlow declares stateful, although running them changes nothing.
WITHOUT_EFFECT = (*READS, *_QUERIES, "VarHandleOp")
_WRITES = re.compile(r"Assign\w*VariableOp|Resource(?!Gather)\w+")


def variables(op: tf.Operation) -> list[tf.Operation]:
    """Returns the handle operations of the variables that an operation takes as inputs."""
    return [tensor.op for tensor in op.inputs if tensor.op.type == "VarHandleOp"]


class Writes:
    """The operations of a graph that may write to the variables that they take as inputs.

    An operation that calls functions may write only if one of these functions has a writing op.
    """

    def __init__(self, graph: tf.Graph) -> None:
        self._library = function_library.library(graph.as_graph_def())

    def __contains__(self, op: tf.Operation) -> bool:
        if op.type in (*READS, *_QUERIES) or not variables(op):
            return False
        functions = list(function_library.called(op.node_def))
        types = function_library.op_types(functions, self._library)
        return not functions or any(map(_WRITES.match, types))
