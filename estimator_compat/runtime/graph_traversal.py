"""Walks over the operations of a graph: what an operation needs, and what needs it.

There are two kinds of edges. A data edge carries a tensor into an operation. A control edge only
orders: the operation waits for another one, and takes nothing from it. Each function here either
has an argument `control_inputs`, or says in its docstring whether it follows control edges.

No walk enters a function. A graph's operation that calls one (`If`, `While`,
`StatefulPartitionedCall`) is a single operation here, with the edges that lead to its arguments.

A loop of control flow v1 is a cycle of operations: its `NextIteration` is an input of its `Merge`.
Every walk visits an operation once. A walk around a cycle therefore ends.
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
      tensor: The tensor that the target takes from the source; None for a control edge.
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
    """Yields the starts and all nodes that follow from them, each once, depth first.

    If several nodes follow a node, the last of them is visited first.

    Args:
      starts: Where the walk begins.
      following: Returns the nodes that follow a node directly. It is called once for each node.
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
    """Lists the operations that the ends depend on, and the operations of the ends themselves.

    Args:
      ends: Tensors, operations or Nones.
      control_inputs: Whether control edges are followed. With them, the result is all operations
        that run if the ends are fetched. Without them, it is the operations that the values of the
        ends are computed from.
      through: Which edges are followed.
      stop_at: The operations that are listed, but whose own edges are not followed.

    Returns:
      Each operation once, in depth-first order, the last edge first. A call of a function is one
      operation: the operations of the function's body are not listed.
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
    """Finds the operations that depend on the starts; the result includes the starts.

    Args:
      starts: Operations, in `within` or not.
      within: The operations that are searched, such as the ancestors of a loss. TensorFlow has a
        public list of the control inputs of an operation, but none of the operations that wait for
        it. The edges are therefore taken from the inputs of these operations.
      control_inputs: Whether control edges are followed.
      through: Which edges are followed.
      stop_at: The operations that belong to the result, but whose consumers are not followed.

    Returns:
      The starts and the operations that depend on them. A call of a function is one operation. It
      depends on all its arguments, even if the function's body uses only some of them.
    """
    outgoing: dict[tf.Operation, list[Edge]] = {}
    for op in within:
        for edge in edges_into(op, control_inputs=control_inputs):
            outgoing.setdefault(edge.source, []).append(edge)

    def following(op: tf.Operation) -> list[tf.Operation]:
        return [] if stop_at(op) else [e.target for e in outgoing.get(op, ()) if through(e)]

    return set(reachable(starts, following))


def topological_order(ends: Iterable[Any], fed: Iterable[Any] = ()) -> list[tf.Operation]:
    """Lists the operations that run if the ends are fetched, in an order in which they can run.

    Each operation comes after the operations that it waits for. Control edges are followed, too,
    because an operation waits for both kinds of edges. A call of a function is one operation. The
    operations of a control flow v1 loop are listed once each. They form a cycle, and some of them
    therefore come before an operation that they wait for.

    Args:
      ends: Tensors, operations or Nones.
      fed: Tensors whose values are fed. The operations that compute them do not run, and are not
        listed.
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
