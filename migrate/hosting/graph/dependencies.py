"""Walks a graph: what operations wait for, and the functions that they call."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

Ops = list[tf.Operation]
Names = list[str]
# The nodes of each function of a graph, by its name.
Library = Mapping[str, Any]


def in_order(ends: Iterable[Any], given: Iterable[Any] = ()) -> Ops:
    """The operations that run where ends are fetched, each after those that it waits for.

    Args:
      ends: Tensors, operations or Nones.
      given: Tensors whose values are given: what makes them does not run.
    """
    found: dict[tf.Operation, None] = {}
    waiting = [(getattr(end, "op", end), False) for end in ends if end is not None]
    opened = {tensor.op for tensor in given}
    while waiting:
        op, is_done = waiting.pop()
        if is_done:
            found[op] = None
        elif op not in opened:
            opened.add(op)
            waiting.append((op, True))
            waiting += [(one, False) for one in inputs(op)]
    return list(found)


def inputs(op: tf.Operation) -> Ops:
    """The operations that an operation waits for."""
    return [*(tensor.op for tensor in op.inputs), *op.control_inputs]


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
