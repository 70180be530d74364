"""The functions of a graph: which nodes they have, and which functions those call."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from estimator_compat.runtime import graph_traversal

# The nodes of each function of a graph, by its name.
Library = Mapping[str, Any]


def library(definition: Any) -> Library:
    """The functions of a GraphDef."""
    return {one.signature.name: one.node_def for one in definition.library.function}


def called(node: Any) -> Iterator[str]:
    """The names of the functions that a NodeDef calls, or may call, beside one of its op's name.

    A legacy Defun is called by an op that is named like it.
    """
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (one.name for one in value.list.func)


def op_types(names: Iterable[str], functions: Library) -> Iterator[str]:
    """The types of the operations in functions, and in those that they call.

    Every node of a function counts, whatever its edges: a stateful operation runs, although nothing
    takes its result.
    """

    def following(name: str) -> Iterator[str]:
        for node in functions.get(name, ()):
            yield from (node.op, *called(node))

    for name in graph_traversal.reachable(names, following):
        yield from (node.op for node in functions.get(name, ()))
