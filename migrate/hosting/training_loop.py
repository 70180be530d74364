"""Many training steps in one graph: the loop that a hosted model_fn trains in."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.hosting.graph.graph_functions import GraphFunctions


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoopResult:
    """What a loop did.

    Attributes:
      losses: The loss of each step that it made: `[made]`.
      summaries: The serialized summaries of the last step; none where none were asked for, or where
        the iterator ended.
    """

    losses: np.ndarray
    summaries: list[bytes]


class Loop:
    """Trains on the batches of an iterator, many steps in one call of a function.

    Where ops draw random numbers, every step is the same call in the graph, also one with
    summaries: so they draw as in a session that ran step after step.
    """

    def __init__(self, functions: GraphFunctions, *, jit_compile: bool = False) -> None:
        """Builds the function.

        Args:
          functions: Those of a TRAIN graph.
          jit_compile: Whether a step is compiled by XLA, which may reorder its arithmetic.
        """
        dtype = functions.built.spec.loss.dtype
        # What was done is kept here, where it stays when the iterator ends in the middle.
        self._losses = tf.Variable(tf.zeros([0], dtype), shape=[None], trainable=False)
        self._made = tf.Variable(0, trainable=False)
        self._draws = functions.built.draws
        self._steps = tf.function(self._function(functions, jit_compile), reduce_retracing=True)

    def __call__(self, batches: Iterator[Any], count: int, *, wanted: bool) -> LoopResult:
        """Makes `count` steps, fewer where `batches` ends.

        Args:
          batches: The iterator of a Dataset.
          count: How many steps.
          wanted: Whether the last one's summaries are wanted.
        """
        # One function with summaries and one without is cheaper; both must draw from one sequence.
        flag = tf.constant(wanted) if self._draws else wanted
        try:
            summaries = self._steps(batches, tf.constant(count), flag).numpy().tolist()
        except tf.errors.OutOfRangeError:
            summaries = []
        losses = self._losses.numpy()[: int(self._made)]
        return LoopResult(losses=losses, summaries=summaries)

    def _function(self, functions: GraphFunctions, jit_compile: bool) -> Callable[..., tf.Tensor]:
        built = functions.built
        behind = list({tensor.name: tensor for tensor in _behind(built.summaries)}.values())
        one_step = functions.function([built.spec.loss, built.train_op, *behind])
        if jit_compile:
            one_step = tf.function(one_step, jit_compile=True)
        summaries = functions.between(behind, list(built.summaries))
        buffer, made = self._losses, self._made
        # Else what needs no input, as counting the step, is done where there is none left. It costs
        # a small model a tenth of its speed.
        waits = built.acts_alone

        def summarize(*values: Any) -> tf.Tensor:
            return tf.stack(summaries(*values)) if built.summaries else tf.constant([], tf.string)

        def advance(batches: Any) -> Any:
            element, index = next(batches), made.read_value()
            # What a step does without inputs starts when there is a batch. Another thread brings
            # that, and would hand each operation to the pool alone: with two things to wait for,
            # a single operation of the step's own thread starts them all.
            ready = [index]
            if waits:
                ready.append(tf.group(*tf.nest.flatten(element, expand_composites=True)))
            with tf.control_dependencies(ready):
                loss, _, *values = one_step(element)
            # Each is one operation: the step of a small model has few more.
            kept = tf.raw_ops.ResourceScatterUpdate(
                resource=buffer.handle, indices=index, updates=tf.reshape(loss, [])
            )
            with tf.control_dependencies([kept]):
                made.assign_add(1, read_value=False)
            return values

        def steps(batches: Any, count: tf.Tensor, wanted: tf.Tensor | bool) -> tf.Tensor:
            buffer.assign(tf.zeros([count], buffer.dtype))
            made.assign(0)
            found = tf.constant([], tf.string)
            if tf.is_tensor(wanted):
                for index in tf.range(count):
                    tf.autograph.experimental.set_loop_options(
                        shape_invariants=[(found, tf.TensorShape([None]))]
                    )
                    values = advance(batches)
                    if wanted and index == count - 1:
                        found = summarize(*values)
            else:
                for _ in tf.range(count - 1 if wanted else count):
                    advance(batches)
                if wanted:
                    found = summarize(*advance(batches))
            return found

        return steps


def _behind(summaries: Iterable[tf.Tensor]) -> Iterator[tf.Tensor]:
    """The tensors that summaries are computed from."""
    for summary in summaries:
        op = summary.op
        if op.type == "MergeSummary":
            yield from _behind(list(op.inputs))
        elif op.type.endswith("Summary") or op.type == "TensorSummaryV2":
            yield from (tensor for tensor in op.inputs if tensor.op.type != "Const")
        else:
            yield summary
