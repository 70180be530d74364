"""Records the numbers that the random ops of a v1 graph draw."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import random_ops
from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.recording import Recording


class DrawRecorder(tf1.train.SessionRunHook):
    """Records what the random ops draw that the session's fetches depend on.

    The ops run anyway. Fetching their outputs changes no number.

    Args:
      recording: Gets the draws of each `run`.

    Attributes:
      unrecordable: The random ops whose numbers cannot be recorded and replayed: they are in a
        loop, a branch or a function, or draw other numbers in each session, or are not in
        `kinds.OF_OP`. It is empty before the first `run`.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.unrecordable: tuple[random_ops.RandomOp, ...] = ()
        self._ops: list[tf.Operation] | None = None

    def before_run(self, run_context: Any) -> Any:
        """Asks for the outputs and parameters of the random ops."""
        if self._ops is None:
            fetches = tf.nest.flatten(run_context.original_args.fetches, expand_composites=True)
            self._ops, self.unrecordable = recordable_ops(run_context.session.graph, fetches)
        return tf1.train.SessionRunArgs([_tensors(op) for op in self._ops])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Records the draws."""
        del run_context
        assert self._ops is not None
        self.recording.append(
            [_draw(op, values) for op, values in zip(self._ops, run_values.results, strict=True)]
        )


class DrawFeeder(tf1.train.SessionRunHook):
    """Replaces what the random ops draw that the session's fetches depend on.

    Args:
      draws: Recorded draws of such a session, whose values the ops get.

    Attributes:
      loss: The last of the fetches; None before the first `run`.
    """

    def __init__(self, draws: Sequence[Draw]) -> None:
        self._draws = draws
        self.loss: np.ndarray | None = None

    def before_run(self, run_context: Any) -> Any:
        """Feeds the values, and asks for the last fetch."""
        fetches = run_context.original_args.fetches
        flat = tf.nest.flatten(fetches, expand_composites=True)
        ops, _ = recordable_ops(run_context.session.graph, flat)
        feeds = {
            tensor: value
            for op, draw in zip(ops, self._draws, strict=True)
            for tensor, value in zip(op.outputs, draw.values, strict=True)
        }
        return tf1.train.SessionRunArgs(fetches[-1], feed_dict=feeds)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Keeps the last fetch."""
        del run_context
        self.loss = np.asarray(run_values.results)


class ConstantFeeder(tf1.train.SessionRunHook):
    """Replaces what each step of a training draws by the same number everywhere.

    Args:
      recording: The draws of a training on the same batches, which have the shapes.
      constant: The number: see `Draw.filled`.
    """

    def __init__(self, recording: Recording, constant: float) -> None:
        self._recording, self._constant, self._step = recording, constant, 0
        self._ops: list[tf.Operation] | None = None

    def before_run(self, run_context: Any) -> Any:
        """Feeds the number."""
        if self._ops is None:
            fetches = tf.nest.flatten(run_context.original_args.fetches, expand_composites=True)
            self._ops, _ = recordable_ops(run_context.session.graph, fetches)
        draws = [draw.filled(self._constant) for draw in self._recording.step(self._step)]
        self._step += 1
        feeds = {
            tensor: value
            for op, draw in zip(self._ops, draws, strict=True)
            for tensor, value in zip(op.outputs, draw.values, strict=True)
        }
        return tf1.train.SessionRunArgs(None, feed_dict=feeds)


def recordable_ops(
    graph: tf.Graph, fetches: Sequence[Any]
) -> tuple[list[tf.Operation], tuple[random_ops.RandomOp, ...]]:
    """Finds the random ops that tensors and operations depend on.

    Returns:
      The ops whose draws can be recorded, in the order of their creation, and the other ones.
    """
    drawing = [op for op in random_ops.find(graph, fetches) if op.type not in kinds.DRAW_NOTHING]
    operations = {op.name: op for op in graph.get_operations()}
    recordable = {
        op.name
        for op in drawing
        if op.is_repeatable
        and op.type in kinds.OF_OP
        and op.name in operations
        and graph.is_fetchable(operations[op.name])
    }
    ops = [op for name, op in operations.items() if name in recordable]
    return ops, tuple(op for op in drawing if op.name not in recordable)


def _tensors(op: tf.Operation) -> Mapping[str, list[tf.Tensor]]:
    names = [argument.name for argument in op.op_def.input_arg]
    return {
        "values": list(op.outputs),
        "inputs": [op.inputs[names.index(name)] for name in kinds.OF_OP[op.type].inputs],
    }


def _draw(op: tf.Operation, results: Mapping[str, list[np.ndarray]]) -> Draw:
    kind = kinds.OF_OP[op.type]
    attributes = [np.asarray(op.get_attr(name)) for name in kind.attributes]
    parameters = [*map(np.asarray, results["inputs"]), *attributes]
    values = tuple(map(np.asarray, results["values"]))
    return Draw(kind=kind, values=values, parameters=tuple(parameters))
