"""Finds the random ops that tensors of a graph depend on.

Two sides draw the same random numbers where both run the same ops with the same seeds. An op
without a seed, and one whose counterpart is another op, cannot be aligned.

Loops and branches are those of control flow v2, which `v2_behavior` leaves on.
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
      name: Its name in the graph; inside a loop or a branch, after that op's own and a slash.
      type: As "RandomUniform".
      is_repeatable: Whether running it in a new session draws the same numbers again: it has a
        seed, and is in no loop whose iterations overtake each other.
    """

    name: str
    type: str
    is_repeatable: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


def find(graph: tf.Graph, ends: Sequence[Any]) -> tuple[RandomOp, ...]:
    """Finds the random ops that tensors or operations depend on, bodies of loops included.

    Control edges are followed: an op that is waited for draws, too, and moves its generator on.

    Args:
      graph: It has the ends, or operations and tensors of their names.
      ends: Tensors and operations.
    """
    definition = graph.as_graph_def()
    nodes = {node.name: node for node in definition.node}
    own = [graph.get_operation_by_name(end.name.partition(":")[0]) for end in ends]
    names = sorted(op.name for op in graph_traversal.ancestors(own, control_inputs=True))
    return tuple(_random((nodes[name] for name in names), function_library.library(definition)))


def drawing_loops(graph: tf.Graph) -> list[str]:
    """The names of a graph's loops that draw random numbers."""
    definition = graph.as_graph_def()
    library = function_library.library(definition)
    return [n.name for n in definition.node if n.op in _LOOPS and any(_random([n], library))]


def _random(
    nodes: Iterable[Any], library: Mapping[str, Any], prefix: str = "", in_order: bool = True
) -> Iterator[RandomOp]:
    for node in nodes:
        if _is_random(node):
            yield RandomOp(prefix + node.name, node.op, in_order and _is_seeded(node))
        is_serial = node.op not in _LOOPS or node.attr["parallel_iterations"].i == 1
        for called in (node.op, *function_library.called(node)):
            yield from _random(
                library.get(called, ()), library, f"{prefix}{node.name}/", in_order and is_serial
            )


def _is_random(node: Any) -> bool:
    has_seeds = "seed" in node.attr and "seed2" in node.attr
    return has_seeds or node.op.startswith(_WITHOUT_SEED_ATTRIBUTE + _FROM_A_VARIABLE)


def _is_seeded(node: Any) -> bool:
    return "seed" not in node.attr or bool(node.attr["seed"].i or node.attr["seed2"].i)
