"""The functions of a graph: their nodes, and the functions that a node calls."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from estimator_compat.runtime import graph_traversal

# The nodes (NodeDefs) of each function of a graph, by the function's name.
Library = Mapping[str, Any]


def library(definition: Any) -> Library:
    """Returns the functions of a GraphDef."""
    return {f.signature.name: f.node_def for f in definition.library.function}


def called(node: Any) -> Iterator[str]:
    """Yields the names of the functions that a NodeDef calls or may call, as its attributes say.

    A call of a legacy Defun is not among them: the type of its op is the function's name.
    """
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (function.name for function in value.list.func)


def op_types(names: Iterable[str], functions: Library) -> Iterator[str]:
    """Yields the types of the operations in functions, and in the functions that these call.

    Every node of a function counts, also a node whose result is not used: a stateful operation runs
    in any case.

    Args:
      names: The functions' names. A name of no function is skipped.
      functions: All functions of the graph.
    """

    def following(name: str) -> Iterator[str]:
        for node in functions.get(name, ()):
            yield from (node.op, *called(node))

    for name in graph_traversal.reachable(names, following):
        yield from (node.op for node in functions.get(name, ()))
