"""Orders what a training step reads of its variables before what it writes to them.

A session runs operations when their inputs are there. Where a loss reads a variable, and its
gradient does not need that value (of `loss = exp(-s) * error + s`, the second `s`), nothing keeps
the optimizer from changing the variable first, and the loss is then that of the next step. Code
means the value before the step, and nearly always gets it.

Loops of control flow v1 allow no order across their frames: a graph that has any stays as it is.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

_READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
_ASKS = "VarIsInitializedOp"
_WRITES = ("Assign", "Apply", "Scatter")
_LOOP, _BRANCH = "Enter", "Switch"  # of control flow v1

Ops = list[tf.Operation]


def before_writes(ends: Iterable[Any]) -> None:
    """Makes reads that wait for no write run before the writes to the same variable.

    Reads that the code puts behind a write, of whatever variable, stay as they are. So no cycle can
    come of it: what is added leads from operations that no write leads to, into writes.

    Args:
      ends: The loss and the train_op. Their graph is changed in place: what runs where they do.
    """
    run = in_order(end.op if hasattr(end, "op") else end for end in ends if end is not None)
    if any(op.type == _LOOP for op in run):
        return
    late, behind = _late(run), _reads_behind(run)
    for read, write in _pairs(run):
        if read not in late and not behind[write] & behind[read]:
            # There is no public way to have an operation wait for another, once it is made.
            write._add_control_input(read)


def in_order(ends: Iterable[tf.Operation]) -> Ops:
    """The operations that ends depend on, each after those that it depends on itself."""
    found: dict[tf.Operation, None] = {}
    waiting = [(end, False) for end in ends]
    opened = set()
    while waiting:
        op, is_done = waiting.pop()
        if is_done:
            found[op] = None
        elif op not in opened:
            opened.add(op)
            waiting.append((op, True))
            waiting += [(one, False) for one in _inputs(op)]
    return list(found)


def _inputs(op: tf.Operation) -> Ops:
    return [*(tensor.op for tensor in op.inputs), *op.control_inputs]


def _is_write(op: tf.Operation) -> bool:
    return any(one in op.type for one in _WRITES) and _variables(op) != []


def _variables(op: tf.Operation) -> Ops:
    return [tensor.op for tensor in op.inputs if tensor.op.type == "VarHandleOp"]


def writes_alone(ends: Iterable[Any], given: Iterable[Any]) -> bool:
    """Tells whether a variable is written by an operation that waits for nothing that is given.

    Args:
      ends: The loss and the train_op.
      given: Tensors of the input.
    """
    fed = {tensor.op for tensor in given}
    waiting = set(fed)
    for op in in_order(end.op if hasattr(end, "op") else end for end in ends if end is not None):
        # A function's arguments are there: what waited for the input by control does not.
        behind = [*(tensor.op for tensor in op.inputs), *(set(op.control_inputs) - fed)]
        if any(one in waiting for one in behind):
            waiting.add(op)
        elif op not in waiting and op.type not in (*_READS, _ASKS) and _variables(op):
            return True
    return False


def _late(run: Ops) -> set[tf.Operation]:
    """Writes, the operations that wait for one, and those that may not run at all."""
    found: set[tf.Operation] = set()
    for op in run:
        if _is_write(op) or op.type == _BRANCH or any(one in found for one in _inputs(op)):
            found.add(op)
    return found


def _reads_behind(run: Ops) -> dict[tf.Operation, int]:
    """For each operation, the reads that it waits for: a bit for each read of the graph."""
    found: dict[tf.Operation, int] = {}
    count = 0
    for op in run:
        bits = 0
        for one in _inputs(op):
            bits |= found.get(one, 0)
        if op.type in _READS:
            bits |= 1 << count
            count += 1
        found[op] = bits
    return found


def _pairs(run: Ops) -> Iterator[tuple[tf.Operation, tf.Operation]]:
    """Each read of a variable with each write to it."""
    reads: dict[tf.Operation, Ops] = {}
    for op in run:
        if op.type in _READS:
            for variable in _variables(op):
                reads.setdefault(variable, []).append(op)
    for op in run:
        if _is_write(op):
            yield from ((read, op) for one in _variables(op) for read in reads.get(one, ()))
