"""Reads a training step's variables once, and before they are written.

A session runs operations when their inputs are there. Where a loss reads a variable, and its
gradient does not need that value (of `loss = exp(-s) * error + s`, the second `s`), nothing keeps
the optimizer from changing the variable first, and the loss is then that of the next step. Code
means the value before the step, and nearly always gets it.

Loops of control flow v1 allow no order across their frames: a graph that has any stays as it is.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat import private_tensorflow
from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge
from migrate.hosting.graph import variable_access

_LOOP, _NEXT, _BRANCH = "Enter", "NextIteration", "Switch"  # of control flow v1


def before_writes(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Makes reads that wait for no write run before the writes to the same variable.

    Reads that the code puts behind a write, of whatever variable, stay as they are. So no cycle can
    come of it: what is added leads from operations that no write leads to, into writes.

    Args:
      graph: It is changed in place.
      ends: The loss and the train_op: what runs where they do is ordered.
    """
    run = graph_traversal.topological_order(ends)
    if has_frames(run):
        return
    writes = variable_access.Writes(graph)
    late, reads_behind = behind_writes(run, writes), _ReadsBehind(run)
    for read, write in _pairs(run, writes):
        if read not in late and not reads_behind.waits(write, read):
            private_tensorflow.add_control_input(write, read)


def share_reads(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Has one read of a variable serve all, but for those that may be behind a write.

    Adam, for one, reads the powers of its betas anew for each variable that it updates. The reads
    must come before the writes then: see `before_writes`. A read that is replaced has no place in
    that order any more, and is nobody's.

    Args:
      graph: It is changed in place.
      ends: The loss and the train_op.
    """
    run = graph_traversal.topological_order(ends)
    if has_frames(run):
        return
    late = behind_writes(run, variable_access.Writes(graph))
    # Of a handle from elsewhere, nobody knows the writes.
    known = [op for op in run if op.type == "ReadVariableOp" and variable_access.variables(op)]
    reads = [op for op in known if op not in late]
    firsts: dict[tf.Operation, tf.Tensor] = {}
    for op in sorted(reads, key=lambda op: bool(op.control_inputs)):  # those that wait come last
        read = op.outputs[0]
        first = firsts.setdefault(op.inputs[0].op, read)
        if first is not read:
            _replace(read, first)


def _replace(tensor: tf.Tensor, other: tf.Tensor) -> None:
    """Has every consumer take another tensor, also those that do not run, as summaries."""
    for op in tensor.consumers():
        for index, one in enumerate(op.inputs):
            if one is tensor:
                # No circle closes: the first read waits for nothing, or is the first in an order
                # that all have their inputs in.
                private_tensorflow.replace_input(op, index, other)


def has_frames(run: list[tf.Operation]) -> bool:
    """Tells whether operations are those of a loop of control flow v1."""
    return any(op.type == _LOOP for op in run)


def behind_writes(run: list[tf.Operation], writes: Container[tf.Operation]) -> set[tf.Operation]:
    """Writes, the operations that wait for one, and those that may not run at all.

    Args:
      run: Operations; control edges between them are followed, since they order as data edges do.
      writes: Those that write.
    """
    starts = [op for op in run if op in writes or op.type == _BRANCH]
    return graph_traversal.descendants(starts, within=run, control_inputs=True)


def acts_alone(ends: Iterable[Any], given: Iterable[Any]) -> bool:
    """Tells whether an operation that waits for nothing that is given does more than compute.

    It may write a variable or draw random numbers. Control edges are followed, except those from
    the input: a function's arguments are there, so that waiting for them alone is no waiting.

    Args:
      ends: The loss and the train_op.
      given: Tensors of the input.
    """
    given = list(given)
    fed = {tensor.op for tensor in given}

    def makes_wait(edge: Edge) -> bool:
        # The first iteration of a loop of control flow v1 does not wait for the next one.
        is_of_the_input = edge.tensor is None and edge.source in fed
        return not is_of_the_input and edge.source.type != _NEXT

    run = graph_traversal.topological_order(ends, given)
    waiting = graph_traversal.descendants(fed, within=run, control_inputs=True, through=makes_wait)
    return any(
        op.op_def.is_stateful and op.type not in variable_access.IDLE
        for op in run
        if op not in waiting
    )


class _ReadsBehind:
    """The reads that each operation waits for: a bit for each read of the graph."""

    def __init__(self, run: list[tf.Operation]) -> None:
        self._own = {
            op: 1 << i for i, op in enumerate(op for op in run if op.type in variable_access.READS)
        }
        self._all: dict[tf.Operation, int] = {}
        for op in run:
            bits = self._own.get(op, 0)
            for edge in graph_traversal.edges_into(op, control_inputs=True):
                bits |= self._all.get(edge.source, 0)
            self._all[op] = bits

    def waits(self, op: tf.Operation, read: tf.Operation) -> bool:
        return bool(self._all[op] & self._own[read])


def _pairs(run: list[tf.Operation], writes: Container[tf.Operation]) -> Iterator[tuple[Any, Any]]:
    """Each read of a variable with each write to it."""
    reads: dict[tf.Operation, list[tf.Operation]] = {}
    for op in run:
        if op.type in variable_access.READS:
            for variable in variable_access.variables(op):
                reads.setdefault(variable, []).append(op)
    for op in run:
        if op in writes:
            yield from (
                (read, op) for one in variable_access.variables(op) for read in reads.get(one, ())
            )
