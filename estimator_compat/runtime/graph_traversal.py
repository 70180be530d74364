"""Walks over the operations of a graph: what an operation needs, and what needs it.

Edges are of two kinds. A data edge carries a tensor into an operation. A control edge only orders:
the operation waits for another one, and takes nothing from it. Every walk here is told, or says,
whether it follows control edges.

No walk enters a function. A graph's operation that calls one (`If`, `While`,
`StatefulPartitionedCall`) is a single operation here, with the edges that lead to its arguments.

A loop of control flow v1 is a circle of operations, which its `NextIteration` closes. Every walk
visits an operation once, so that a circle ends it.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import tensorflow as tf

Node = TypeVar("Node", bound=Hashable)


class Edge(NamedTuple):
    """A reason for an operation to wait for another one.

    Attributes:
      source: The operation that is waited for.
      target: The operation that waits.
      tensor: What the target takes from the source; None for a control edge.
    """

    source: tf.Operation
    target: tf.Operation
    tensor: tf.Tensor | None


def edges_into(op: tf.Operation, *, control_inputs: bool) -> list[Edge]:
    """Lists the edges that end at an operation: data edges in their order, then control edges.

    Args:
      op: The operation.
      control_inputs: Whether control edges are listed.
    """
    edges = [Edge(tensor.op, op, tensor) for tensor in op.inputs]
    if control_inputs:
        edges += [Edge(source, op, None) for source in op.control_inputs]
    return edges


def reachable(
    starts: Iterable[Node], following: Callable[[Node], Iterable[Node]]
) -> Iterator[Node]:
    """Yields the starts and all that follows from them, each once, depth first.

    Of several nodes that follow, the last is visited first.

    Args:
      starts: Where the walk begins.
      following: What follows directly from a node; it is asked once for each.
    """
    waiting, seen = list(starts), set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting.extend(following(node))


def ancestors(
    ends: Iterable[Any],
    *,
    control_inputs: bool,
    through: Callable[[Edge], bool] = lambda _: True,
    stop_at: Callable[[tf.Operation], bool] = lambda _: False,
) -> list[tf.Operation]:
    """Lists the operations that ends depend on, those of the ends among them.

    Args:
      ends: Tensors, operations or Nones.
      control_inputs: Whether control edges are followed. With them the result is all that runs
        where the ends are fetched; without them it is what the ends' values are computed from.
      through: Which edges are followed.
      stop_at: The operations that are listed, but whose own edges are not followed.

    Returns:
      Each operation once, in the order of a walk that is depth first, the last edge first. A call
      of a function is one operation: what its body has is not listed.
    """

    def following(op: tf.Operation) -> list[tf.Operation]:
        if stop_at(op):
            return []
        return [e.source for e in edges_into(op, control_inputs=control_inputs) if through(e)]

    return list(reachable(_operations(ends), following))


def descendants(
    starts: Iterable[tf.Operation],
    *,
    within: Collection[tf.Operation],
    control_inputs: bool,
    through: Callable[[Edge], bool] = lambda _: True,
    stop_at: Callable[[tf.Operation], bool] = lambda _: False,
) -> set[tf.Operation]:
    """Finds the operations that depend on starts, which count as their own descendants.

    Args:
      starts: Operations, of `within` or not.
      within: The operations that are looked at, such as the ancestors of a loss. An operation tells
        publicly which ones it waits for by control, but not which ones wait for it; so the edges
        are those that end in `within`.
      control_inputs: Whether control edges are followed.
      through: Which edges are followed.
      stop_at: The operations that belong to the result, but whose consumers are not followed.

    Returns:
      The starts and what depends on them. A call of a function is one operation, which depends on
      its arguments, whichever of them its body uses.
    """
    outgoing: dict[tf.Operation, list[Edge]] = {}
    for op in within:
        for edge in edges_into(op, control_inputs=control_inputs):
            outgoing.setdefault(edge.source, []).append(edge)

    def following(op: tf.Operation) -> list[tf.Operation]:
        return [] if stop_at(op) else [e.target for e in outgoing.get(op, ()) if through(e)]

    return set(reachable(starts, following))


def topological_order(ends: Iterable[Any], fed: Iterable[Any] = ()) -> list[tf.Operation]:
    """Lists the operations that run where ends are fetched, each after those that it waits for.

    Control edges are followed as data edges are: both make an operation wait. A call of a function
    is one operation. The operations of a control flow v1 loop are listed once each; they form a
    circle, so that some of them come before one that they wait for.

    Args:
      ends: Tensors, operations or Nones.
      fed: Tensors whose values are given: what makes them does not run, and is not listed.
    """
    order: dict[tf.Operation, None] = {}
    waiting = [(op, False) for op in _operations(ends)]
    opened = {tensor.op for tensor in fed}
    while waiting:
        op, is_done = waiting.pop()
        if is_done:
            order[op] = None
        elif op not in opened:
            opened.add(op)
            waiting.append((op, True))
            waiting += [(edge.source, False) for edge in edges_into(op, control_inputs=True)]
    return list(order)


def _operations(ends: Iterable[Any]) -> list[tf.Operation]:
    return [getattr(end, "op", end) for end in ends if end is not None]
