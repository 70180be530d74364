"""Many training steps in one call of a graph function."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.type_aliases import Nest
from migrate.hosting.graph import summary_functions
from migrate.hosting.graph.graph_functions import GraphFunctions


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoopResult:
    """The losses and summaries of one call of a `Loop`.

    Attributes:
      losses: The loss of each step: `[steps]`.
      summaries: The serialized summaries of the last step; empty if they were not requested, or if
        the iterator ended before that step.
    """

    losses: np.ndarray
    summaries: list[bytes]


class Loop:
    """Trains on the batches of an iterator, many steps in one call of a function.

    If ops draw random numbers, a single graph function makes all steps, with and without summaries.
    Its random ops then draw one sequence of numbers, the same as in a session. This is not needed
    if all functions of the graph share their draws.

    Args:
      functions: The functions of a TRAIN graph.
      jit_compile: Whether a step is compiled by XLA, which may reorder its arithmetic.
    """

    def __init__(self, functions: GraphFunctions, *, jit_compile: bool = False) -> None:
        dtype = functions.built.spec.loss.dtype
        # If the iterator ends before the last step, the function raises an error, and its outputs
        # are lost. The values of these variables are not lost.
        self._losses = tf.Variable(tf.zeros([0], dtype), shape=[None], trainable=False)
        self._steps_made = tf.Variable(0, trainable=False)
        self._draws = functions.built.draws and not functions.shares_draws
        self._functions, self._jit_compile = functions, jit_compile

    @functools.cached_property
    def _steps(self) -> Callable[..., tf.Tensor]:
        # It is built when it is first called. With a hook that feeds a placeholder at each step, it
        # is never called, and cannot be built.
        function = self._function(self._functions, self._jit_compile)
        steps: Callable[..., tf.Tensor] = tf.function(function, reduce_retracing=True)
        return steps

    def __call__(self, batches: Iterator[Nest], count: int, *, summarize: bool) -> LoopResult:
        """Makes `count` training steps, or fewer if `batches` ends.

        Args:
          batches: The iterator of a Dataset.
          count: How many steps.
          summarize: Whether the summaries of the last step are computed.
        """
        # A Python bool makes `tf.function` trace two functions, one with summaries and one without,
        # which is faster. A tensor makes it trace one function. Random ops need one function,
        # because they must draw from one sequence in both cases.
        flag = tf.constant(summarize) if self._draws else summarize
        try:
            summaries = self._steps(batches, tf.constant(count), flag).numpy().tolist()
        except tf.errors.OutOfRangeError:
            summaries = []
        losses = self._losses.numpy()[: int(self._steps_made)]
        return LoopResult(losses=losses, summaries=summaries)

    def _function(self, functions: GraphFunctions, jit_compile: bool) -> Callable[..., tf.Tensor]:
        built = functions.built
        summarized = summary_functions.summarized_tensors(built.summaries)
        one_step = functions.function([built.spec.loss, built.train_op, *summarized])
        if jit_compile:
            one_step = tf.function(one_step, jit_compile=True)
        summaries = summary_functions.serializer(summarized, built.summaries)
        buffer, steps_made = self._losses, self._steps_made
        # Some operations must wait for the batch: see `advance`. Waiting costs a small model a
        # tenth of its speed, so only a step with such operations waits.
        waits = built.acts_alone

        def nothing() -> tf.Tensor:
            return tf.constant([], tf.string)

        def serialize(*values: tf.Tensor) -> tf.Tensor:
            return tf.stack(summaries(*values)) if built.summaries else tf.constant([], tf.string)

        def advance(batches: Any) -> Nest:
            element, index = next(batches), steps_made.read_value()
            # Operations without inputs (such as the global step's increment) must wait for the
            # batch, or they would run once more after the last one. They wait for `ready`, which
            # groups the batch and the step index. The executor then schedules all of them from
            # one thread. Waiting for the batch alone made the dataset's thread schedule each
            # operation by itself, which was slower.
            ready = [index]
            if waits:
                ready.append(tf.group(*tf.nest.flatten(element, expand_composites=True)))
            with tf.control_dependencies(ready):
                loss, _, *values = one_step(element)
            # Each of these two updates is a single operation. More operations would slow down a
            # small model, whose step has few.
            stored = tf.raw_ops.ResourceScatterUpdate(
                resource=buffer.handle, indices=index, updates=tf.reshape(loss, [])
            )
            with tf.control_dependencies([stored]):
                steps_made.assign_add(1, read_value=False)
            return _is_nan(loss), values

        def steps(batches: Any, count: tf.Tensor, summarize: tf.Tensor | bool) -> tf.Tensor:
            buffer.assign(tf.zeros([count], buffer.dtype))
            steps_made.assign(0)
            if tf.is_tensor(summarize):
                return steps_of_one_function(batches, count, summarize)
            is_nan = repeat(
                lambda: advance(batches)[0],
                count - 1 if summarize else count,
            )
            if not summarize:
                return nothing()
            return tf.cond(is_nan, nothing, lambda: serialize(*advance(batches)[1]))

        def steps_of_one_function(
            batches: Any, count: tf.Tensor, summarize: tf.Tensor
        ) -> tf.Tensor:
            def advance_and_serialize(index: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
                is_nan, values = advance(batches)
                is_last = tf.logical_and(summarize, tf.equal(index, count - 1))
                serialized = tf.cond(is_last, lambda: serialize(*values), nothing)
                return index + 1, is_nan, serialized

            return tf.while_loop(
                lambda index, is_nan, _: tf.logical_and(index < count, tf.logical_not(is_nan)),
                advance_and_serialize,
                [tf.constant(0), tf.constant(False), nothing()],
                shape_invariants=[tf.TensorShape([]), tf.TensorShape([]), tf.TensorShape([None])],
            )[2]

        return steps


def repeat(step: Callable[[], tf.Tensor], count: tf.Tensor) -> tf.Tensor:
    """Calls a step `count` times in the graph, or until it returns True; returns the last result.

    It is a loop of its own, because AutoGraph makes a branch of a `break`.
    """
    return tf.while_loop(
        lambda index, is_over: tf.logical_and(index < count, tf.logical_not(is_over)),
        lambda index, _: (index + 1, step()),
        [tf.constant(0), tf.constant(False)],
    )[1]


def _is_nan(loss: tf.Tensor) -> tf.Tensor:
    """Returns whether a loss is NaN: a training ends there, as an Estimator's did."""
    return tf.reshape(tf.math.is_nan(loss), []) if loss.dtype.is_floating else tf.constant(False)
