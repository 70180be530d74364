"""Makes a training step read each variable once, and before the variable is written.

A session runs an operation as soon as its inputs are ready. A loss may read a variable whose value
its gradient does not need, such as the second `s` of `loss = exp(-s) * error + s`. The optimizer
may then write the variable before that read, and the loss would depend on the value after the step.
The code means the value before the step, and a session nearly always reads that value.

What is in a loop of control flow v1 is not changed, because control edges cannot cross the frames
of such a loop.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat import private_tensorflow
from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge
from estimator_compat.type_aliases import Operation, Tensor
from migrate.hosting.graph import variable_access

# Of control flow v1.
_ENTERS, _EXITS = ("Enter", "RefEnter"), ("Exit", "RefExit")
_NEXT, _BRANCH = "NextIteration", "Switch"


def order_before_writes(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Makes each read that waits for no write run before the writes to its variable.

    A read that the code places after a write, of any variable, is not changed. The added control
    edges therefore cannot close a cycle: each begins at a read that waits for no write, and ends at
    a write.

    Args:
      graph: The graph; it is changed in place.
      ends: The loss and the train_op. The operations that run with them are ordered.
    """
    ops = graph_traversal.topological_order(ends)
    writes = variable_access.Writes(graph)
    after_writes, awaited_reads = ops_after_writes(ops, writes), _AwaitedReads(ops)
    for read, write in _reads_and_writes(outside_of_loops(ops), writes):
        if read not in after_writes and not awaited_reads.waits(write, read):
            private_tensorflow.add_control_input(write, read)


def share_reads(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Replaces all reads of a variable by its first one, except reads that may follow a write.

    Adam, for example, reads the powers of its betas again for each variable that it updates. The
    shared reads must then come before the writes: see `order_before_writes`. A replaced read has no
    consumers left, so `order_before_writes` ignores it.

    Args:
      graph: The graph; it is changed in place.
      ends: The loss and the train_op.
    """
    ops = graph_traversal.topological_order(ends)
    after_writes = ops_after_writes(ops, variable_access.Writes(graph))
    # Reads of a captured handle are skipped: writes to it may happen outside this graph.
    reads = [op for op in outside_of_loops(ops) if op.type == "ReadVariableOp"]
    reads = [op for op in reads if variable_access.variables(op)]
    reads = [op for op in reads if op not in after_writes]
    firsts: dict[tf.Operation, tf.Tensor] = {}
    # Reads with control inputs come last. A read without control inputs then replaces them.
    for op in sorted(reads, key=lambda op: bool(op.control_inputs)):
        read = op.outputs[0]
        first = firsts.setdefault(op.inputs[0].op, read)
        if first is not read:
            _replace(read, first)


def _replace(tensor: tf.Tensor, other: tf.Tensor) -> None:
    """Replaces a tensor in all its consumers, also in those that `ends` do not run (summaries)."""
    for op in tensor.consumers():
        for index, operand in enumerate(op.inputs):
            if operand is tensor:
                # This closes no cycle. The first read either waits for nothing, or comes before the
                # replaced read in a topological order, and therefore before its consumers, too.
                private_tensorflow.replace_input(op, index, other)


def outside_of_loops(ops: list[tf.Operation]) -> list[tf.Operation]:
    """Returns the operations that are in no loop of control flow v1.

    Args:
      ops: Operations with all that they depend on, in topological order.
    """
    depths: dict[tf.Operation, int] = {}  # of the loops that an operation's outputs are in
    found = []
    for op in ops:
        edges = graph_traversal.edges_into(op, control_inputs=True)
        depth = max((depths.get(edge.source, 0) for edge in edges), default=0)
        if depth == 0 and op.type not in _ENTERS:
            found.append(op)
        depths[op] = depth + (op.type in _ENTERS) - (op.type in _EXITS)
    return found


def ops_after_writes(ops: list[tf.Operation], writes: Container[tf.Operation]) -> set[tf.Operation]:
    """Returns the writes, the operations that wait for a write, and those that may not run.

    An operation in a branch of control flow v1 may not run. What comes after a loop runs.

    Args:
      ops: The operations; control edges between them are followed, because they order, too.
      writes: The operations that write.
    """
    starts = [op for op in ops if op in writes or _is_branch(op)]
    return graph_traversal.descendants(starts, within=ops, control_inputs=True)


def _is_branch(op: tf.Operation) -> bool:
    """Tells whether an operation is the `Switch` of a branch, not that of a loop."""
    return bool(op.type == _BRANCH and op.inputs[1].op.type != "LoopCond")


def acts_alone(ends: Iterable[Any], inputs: Iterable[Tensor]) -> bool:
    """Returns whether an operation with an effect waits for none of the inputs.

    An effect is a write to a variable or a draw of random numbers, for example. An operation with a
    control edge from an input does not wait for it: the input becomes an argument of a function,
    and an argument has its value when the function starts.

    Args:
      ends: The loss and the train_op.
      inputs: The tensors of the input.
    """
    inputs = list(inputs)
    input_ops = {tensor.op for tensor in inputs}

    def makes_wait(edge: Edge) -> bool:
        # The edge from NextIteration leads back to the start of a control flow v1 loop. The first
        # iteration of the loop does not wait for it.
        is_control_edge_of_input = edge.tensor is None and edge.source in input_ops
        return not is_control_edge_of_input and edge.source.type != _NEXT

    ops = graph_traversal.topological_order(ends, inputs)
    waiting = graph_traversal.descendants(
        input_ops, within=ops, control_inputs=True, through=makes_wait
    )
    return any(
        op.op_def.is_stateful and op.type not in variable_access.WITHOUT_EFFECT
        for op in ops
        if op not in waiting
    )


class _AwaitedReads:
    """The reads that each operation waits for, as bit sets with a bit for each read.

    Args:
      ops: The operations, in topological order.
    """

    def __init__(self, ops: list[tf.Operation]) -> None:
        reads = [op for op in ops if op.type in variable_access.READS]
        self._bits = {op: 1 << index for index, op in enumerate(reads)}
        self._awaited: dict[tf.Operation, int] = {}
        for op in ops:
            bits = self._bits.get(op, 0)
            for edge in graph_traversal.edges_into(op, control_inputs=True):
                bits |= self._awaited.get(edge.source, 0)
            self._awaited[op] = bits

    def waits(self, op: tf.Operation, read: tf.Operation) -> bool:
        """Returns whether an operation waits for a read."""
        return bool(self._awaited[op] & self._bits[read])


def _reads_and_writes(
    ops: list[tf.Operation], writes: Container[tf.Operation]
) -> Iterator[tuple[Operation, Operation]]:
    """Yields each read of a variable with each write to the same variable."""
    reads: dict[tf.Operation, list[tf.Operation]] = {}
    for op in ops:
        if op.type in variable_access.READS:
            for variable in variable_access.variables(op):
                reads.setdefault(variable, []).append(op)
    for op in ops:
        if op in writes:
            for variable in variable_access.variables(op):
                yield from ((read, op) for read in reads.get(variable, ()))
