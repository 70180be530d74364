"""Finds the random ops that tensors of a graph depend on.

Two programs draw the same random numbers if both run the same ops with the same seeds. An op
without a seed draws other numbers in each run.

A loop of control flow v2 is an operation that calls functions. One of control flow v1, as the
facade's programs have, is a cycle of operations: tensors go into its frame through an `Enter`, and
out of it through an `Exit`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import function_library

_LOOPS = ("While", "StatelessWhile")
_ENTERS, _EXITS = ("Enter", "RefEnter"), ("Exit", "RefExit")
_WITHOUT_SEED_ATTRIBUTE = ("StatelessRandom", "StatelessTruncated", "StatelessMultinomial")
_FROM_A_VARIABLE = ("StatefulRandom", "StatefulUniform", "StatefulStandard", "StatefulTruncated")


class RandomOp(NamedTuple):
    """A random op.

    Attributes:
      name: The op's name in the graph. Inside a loop or a branch, the name of the loop's or
        branch's op and a slash precede it.
      type: The op's type, such as "RandomUniform".
      is_repeatable: Whether the op draws the same numbers again in a new session: it has a seed,
        and is not in a loop whose iterations run in parallel.
    """

    name: str
    type: str
    is_repeatable: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


def find(graph: tf.Graph, ends: Sequence[Any]) -> tuple[RandomOp, ...]:
    """Finds the random ops that tensors or operations depend on, bodies of loops included.

    Control edges are followed: if an operation only waits for a random op, the random op runs, too,
    and advances its random generator.

    Args:
      graph: The graph. It has the ends, or operations with the same names.
      ends: Tensors and operations.
    """
    definition = graph.as_graph_def()
    nodes = {node.name: node for node in definition.node}
    own = [graph.get_operation_by_name(end.name.partition(":")[0]) for end in ends]
    names = sorted(op.name for op in graph_traversal.ancestors(own, control_inputs=True))
    library = function_library.library(definition)
    has_frames = any(nodes[name].op in _ENTERS for name in names)
    found: list[RandomOp] = []
    for name in names:
        drawn = list(_random_ops([nodes[name]], library))
        if (
            drawn
            and has_frames
            and any(_runs_in_parallel(enter) for enter in _enters(nodes[name], nodes))
        ):
            drawn = [one._replace(is_repeatable=False) for one in drawn]
        found += drawn
    return tuple(found)


def drawing_loops(graph: tf.Graph) -> list[str]:
    """Returns the names of a graph's loops that draw random numbers."""
    definition = graph.as_graph_def()
    library = function_library.library(definition)
    loops = [node for node in definition.node if node.op in _LOOPS]
    return [node.name for node in loops if any(_random_ops([node], library))]


def drawing_enters(graph: tf.Graph) -> list[str]:
    """Returns the names of the `Enter` operations of a graph's loops that draw random numbers.

    They belong to loops of control flow v1.
    """
    definition = graph.as_graph_def()
    nodes = {node.name: node for node in definition.node}
    every = [node for node in definition.node if node.op in _ENTERS]
    if not every:
        return []
    library = function_library.library(definition)
    frames = {
        enter.attr["frame_name"].s
        for node in definition.node
        if any(_random_ops([node], library))
        for enter in _enters(node, nodes)
    }
    return [node.name for node in every if node.attr["frame_name"].s in frames]


def _runs_in_parallel(enter: Any) -> bool:
    return bool(enter.attr["parallel_iterations"].i != 1)


def _enters(node: Any, nodes: Mapping[str, Any]) -> list[Any]:
    """Returns the `Enter`s of the loops of control flow v1 that a node is in, nested ones too."""
    names = graph_traversal.reachable([node.name], lambda name: _before(nodes[name], nodes))
    return [nodes[name] for name in names if nodes[name].op in _ENTERS]


def loops_around(node: Any, nodes: Mapping[str, Any]) -> list[Any]:
    """Returns an `Enter` of each loop of control flow v1 that a node is in, the outer ones first.

    Args:
      node: A NodeDef.
      nodes: All NodeDefs of the graph, by name.
    """
    found: list[Any] = []
    while enters := _innermost(map(_name, node.input), nodes):
        node = enters[0]
        found.insert(0, node)
    return found


def _before(node: Any, nodes: Mapping[str, Any]) -> Iterator[str]:
    """Yields the inputs of a node. Those of the end of a loop are those of the loop."""
    if node.op not in _EXITS:
        yield from map(_name, node.input)
        return
    for enter in _innermost(map(_name, node.input), nodes):
        yield from map(_name, enter.input)


def _innermost(names: Iterable[str], nodes: Mapping[str, Any]) -> list[Any]:
    """Returns the `Enter`s of the loop that nodes are in; none outside of loops."""

    def inside(name: str) -> Iterable[str]:
        return () if nodes[name].op in _ENTERS else _before(nodes[name], nodes)

    found = graph_traversal.reachable(names, inside)
    return [nodes[name] for name in found if nodes[name].op in _ENTERS]


def _name(source: str) -> str:
    return source.removeprefix("^").partition(":")[0]


def _random_ops(
    nodes: Iterable[Any], library: Mapping[str, Any], prefix: str = "", is_serial: bool = True
) -> Iterator[RandomOp]:
    """Yields the random ops among NodeDefs, and in the functions that these call.

    Args:
      nodes: NodeDefs.
      library: The functions of the graph.
      prefix: The text before a node's name in the name of its random op.
      is_serial: Whether the nodes are in no loop whose iterations run in parallel.
    """
    for node in nodes:
        if _is_random(node):
            yield RandomOp(prefix + node.name, node.op, is_serial and _is_seeded(node))
        in_order = node.op not in _LOOPS or node.attr["parallel_iterations"].i == 1
        # A legacy Defun is called by an op whose type is the function's name.
        for called in (node.op, *function_library.called(node)):
            yield from _random_ops(
                library.get(called, ()), library, f"{prefix}{node.name}/", is_serial and in_order
            )


def _is_random(node: Any) -> bool:
    has_seeds = "seed" in node.attr and "seed2" in node.attr
    return has_seeds or node.op.startswith(_WITHOUT_SEED_ATTRIBUTE + _FROM_A_VARIABLE)


def _is_seeded(node: Any) -> bool:
    return "seed" not in node.attr or bool(node.attr["seed"].i or node.attr["seed2"].i)
