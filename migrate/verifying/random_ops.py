"""Finds the random ops that tensors of a graph depend on.

Two sides draw the same random numbers where both run the same ops with the same seeds. An op
without a seed, and one whose counterpart is another op, cannot be aligned.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

_WITHOUT_SEED_ATTRIBUTE = ("StatelessRandom", "StatelessTruncated", "StatelessMultinomial")
_FROM_A_VARIABLE = ("StatefulRandom", "StatefulUniform", "StatefulStandard", "StatefulTruncated")


class RandomOp(NamedTuple):
    """A random op.

    Attributes:
      name: Its name in the graph; inside a loop or a branch, after that op's own and a slash.
      type: As "RandomUniform".
      is_seeded: Whether running it in a new session draws the same numbers again.
    """

    name: str
    type: str
    is_seeded: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


def find(graph: tf.Graph, ends: Sequence[Any]) -> tuple[RandomOp, ...]:
    """Finds the random ops that tensors or operations depend on, bodies of loops included."""
    definition = graph.as_graph_def()
    nodes = {node.name: node for node in definition.node}
    functions = {one.signature.name: one for one in definition.library.function}
    reached: dict[str, None] = {}
    waiting = [end.name.partition(":")[0] for end in ends]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = None
            waiting += [one.lstrip("^").partition(":")[0] for one in nodes[name].input]
    chosen = (nodes[name] for name in sorted(reached))
    return tuple(_random(chosen, functions, ""))


def _random(
    nodes: Iterable[Any], functions: Mapping[str, Any], prefix: str, depth: int = 8
) -> Iterable[RandomOp]:
    for node in nodes:
        if _is_random(node):
            yield RandomOp(prefix + node.name, node.op, _is_seeded(node))
        for called in _called(node) if depth else ():
            if called in functions:
                body = functions[called].node_def
                yield from _random(body, functions, f"{prefix}{node.name}/", depth - 1)


def _is_random(node: Any) -> bool:
    has_seeds = "seed" in node.attr and "seed2" in node.attr
    return has_seeds or node.op.startswith(_WITHOUT_SEED_ATTRIBUTE + _FROM_A_VARIABLE)


def _is_seeded(node: Any) -> bool:
    return "seed" not in node.attr or bool(node.attr["seed"].i or node.attr["seed2"].i)


def _called(node: Any) -> Iterable[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (one.name for one in value.list.func)
