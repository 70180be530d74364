"""Takes out of a training step what costs time and decides nothing.

An Optimizer of TensorFlow 1 had `tf.gradients` put a gate behind each operation's gradients: none
is used before all of them are there. That kept a variable in place while others needed its value,
as long as reading one copied nothing. Here a read is a copy, or as good as one. Behind gates,
gradients that nothing needs are computed, as those with respect to the features.

Adam's update of each variable reads the powers of its betas anew. Where nothing can be written
between them, one read serves all.

What is computed stays as it is, to the bit. Loops of control flow v1 are left alone.
"""

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

import tensorflow as tf

from migrate.hosting import access, reading, walking
from migrate.hosting.walking import Ops

_GATE = re.compile(r"(.*_grad/tuple/)group_deps$")


def simplify(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Opens gates and shares reads. Reads must come before writes then: `reading.before_writes`.

    Args:
      graph: It is changed in place.
      ends: The loss and the train_op.
    """
    ends, writes = list(ends), access.Writes(graph)
    run = walking.in_order(ends)
    if not reading.has_frames(run):
        _open_gates(ends, run, reading.behind_writes(run, writes))
        run = walking.in_order(ends)
        _share_reads(run, reading.behind_writes(run, writes))


def _open_gates(ends: list[Any], run: Ops, late: Container[tf.Operation]) -> None:
    """Lets gradients be used as soon as they are there, unless a gate has something else run."""
    gated = [(op, gate) for op in run for gate in _gates(op) if gate not in late]
    for op, gate in gated:
        kept = [one for one in op.control_inputs if one is not gate]
        # There is no public way to change what an operation waits for.
        op._remove_all_control_inputs()
        op._add_control_inputs(kept)
    idle = set(run) - set(walking.in_order(ends))
    if any(op.op_def.is_stateful and op.type not in access.IDLE for op in idle):
        for op, gate in gated:
            op._add_control_input(gate)


def _gates(op: tf.Operation) -> Iterator[tf.Operation]:
    """The gate of a gradient."""
    for one in op.control_inputs:
        found = _GATE.match(one.name)
        if found and op.type == "Identity" and op.name.startswith(found[1] + "control_dependency"):
            yield one


def _share_reads(run: Ops, late: Container[tf.Operation]) -> None:
    """Has the first of a variable's reads serve all, but for those that may be behind a write."""
    firsts: dict[tf.Operation, tf.Operation] = {}
    for op in run:
        for index, tensor in enumerate(op.inputs):
            read = tensor.op
            if read.type == "ReadVariableOp" and read not in late:
                first = firsts.setdefault(read.inputs[0].op, read)
                if first is not read and first.outputs[0].dtype == tensor.dtype:
                    # There is no public way to change an operation's input. The first read comes
                    # first in an order that all have their inputs in, so no circle can close.
                    op._update_input(index, first.outputs[0])
