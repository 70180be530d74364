"""Tells how the operations of a graph use its variables: which read them, and which write."""

import re

import tensorflow as tf

from migrate.hosting.graph import function_library

READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
_ASKS = ("VarIsInitializedOp", "VariableShape")
# Operations with a state that computing them does not change.
IDLE = (*READS, *_ASKS, "VarHandleOp")
_WRITES = re.compile(r"Assign\w*VariableOp|Resource(?!Gather)\w+")


def variables(op: tf.Operation) -> list[tf.Operation]:
    """The variables, by the operations of their handles, that an operation takes."""
    return [tensor.op for tensor in op.inputs if tensor.op.type == "VarHandleOp"]


class Writes:
    """The operations of a graph that may write to the variables that they take."""

    def __init__(self, graph: tf.Graph) -> None:
        self._library = function_library.library(graph.as_graph_def())

    def __contains__(self, op: tf.Operation) -> bool:
        if op.type in (*READS, *_ASKS) or not variables(op):
            return False
        functions = list(function_library.called(op.node_def))
        types = function_library.op_types(functions, self._library)
        return not functions or any(map(_WRITES.match, types))
