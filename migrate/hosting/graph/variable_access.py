"""Tells how the operations of a graph use its variables: which read them, and which write."""

import re
from collections.abc import Iterator

import tensorflow as tf

from migrate.hosting.graph import dependencies

READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
_ASKS = ("VarIsInitializedOp", "VariableShape")
# Operations with a state that computing them does not change.
IDLE = (*READS, *_ASKS, "VarHandleOp")
_WRITES = re.compile(r"Assign\w*VariableOp|Resource(?!Gather)\w+")


def variables(op: tf.Operation) -> dependencies.Ops:
    """The variables, by the operations of their handles, that an operation takes."""
    return [tensor.op for tensor in op.inputs if tensor.op.type == "VarHandleOp"]


class Writes:
    """The operations of a graph that may write to the variables that they take."""

    def __init__(self, graph: tf.Graph) -> None:
        self._library = dependencies.library(graph.as_graph_def())

    def __contains__(self, op: tf.Operation) -> bool:
        if op.type in (*READS, *_ASKS) or not variables(op):
            return False
        functions = list(dependencies.called(op.node_def))
        return not functions or any(map(_WRITES.match, self._types(functions)))

    def _types(self, functions: dependencies.Names) -> Iterator[str]:
        """The types of the operations in functions, and in those that they call."""
        waiting, opened = list(functions), set()
        while waiting:
            function = waiting.pop()
            if function not in opened:
                opened.add(function)
                for node in self._library.get(function, ()):
                    yield node.op
                    waiting += [node.op, *dependencies.called(node)]
