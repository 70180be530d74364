"""Finds the random ops that tensors of a graph depend on.

Two programs draw the same random numbers if both run the same ops with the same seeds. An op
without a seed draws other numbers in each run.

A loop or a branch is an operation of control flow v2 here, which calls functions. Graphs have such
operations because `keep_eager_execution` leaves control flow v2 on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import function_library

_LOOPS = ("While", "StatelessWhile")
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
    return tuple(_random_ops((nodes[name] for name in names), function_library.library(definition)))


def drawing_loops(graph: tf.Graph) -> list[str]:
    """Returns the names of a graph's loops that draw random numbers."""
    definition = graph.as_graph_def()
    library = function_library.library(definition)
    loops = [node for node in definition.node if node.op in _LOOPS]
    return [node.name for node in loops if any(_random_ops([node], library))]


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
