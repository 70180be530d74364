"""Many training steps in one graph: the loop that a hosted model_fn trains in."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from migrate.hosting.graphs import HostedGraph


class Steps(NamedTuple):
    """What a loop did.

    Attributes:
      losses: The loss of each step that it made: `[made]`.
      summary: The serialized summary of the last step, empty where none was asked for.
    """

    losses: Any
    summary: Any


def loop(
    graph: HostedGraph, *, ends: bool, jit_compile: bool = False
) -> Callable[[Any, Any, Any], Steps]:
    """Builds the function that trains on the batches of an iterator.

    It takes the iterator, how many steps to make, and whether the last one's summary is wanted. It
    makes fewer steps where the iterator ends. Where ops draw random numbers, every step is the same
    call in the graph, also one with a summary: so they draw as in a session that ran step by step.

    Args:
      graph: A TRAIN graph.
      ends: Whether the iterator may end; where it cannot, a step is cheaper.
      jit_compile: Whether a step is compiled by XLA, which may reorder its arithmetic.
    """
    watched = list({tensor.name: tensor for tensor in _behind(graph.summaries)}.values())
    one_step = graph.function([graph.spec.loss, graph.spec.train_op, *watched])
    if jit_compile:
        one_step = tf.function(one_step, jit_compile=True)
    summaries = graph.between(watched, graph.summaries)

    def summarize(*values: Any) -> tf.Tensor:
        return tf.stack(summaries(*values)) if graph.summaries else tf.constant([], tf.string)

    empty = tf.zeros([0], graph.spec.loss.dtype)

    @tf.function(reduce_retracing=True)
    def steps(batches: Any, count: tf.Tensor, wanted: tf.Tensor | bool) -> Steps:
        losses = tf.TensorArray(empty.dtype, count, clear_after_read=False, element_shape=[])
        summary = tf.constant([], tf.string)
        made, more = 0, True
        # A condition of two parts, and so a `break`, costs every step of a loop that cannot end.
        while tf.logical_and(made < count, more) if ends else made < count:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(summary, tf.TensorShape([None]))]
            )
            batch = batches.get_next_as_optional() if ends else next(batches)
            if ends and not batch.has_value():
                more = False
            else:
                loss, _, *values = one_step(batch.get_value() if ends else batch)
                losses = losses.write(made, tf.reshape(loss, []))
                made += 1
                if wanted and made == count:
                    summary = summarize(*values)
        return Steps(losses.stack()[:made], summary)

    if graph.draws:
        return lambda batches, count, wanted: steps(batches, count, tf.constant(wanted))
    # One function with summaries and one without is cheaper, and where nothing is drawn the same.
    return steps


def _behind(summaries: list[tf.Tensor]) -> Iterator[tf.Tensor]:
    """The tensors that summaries are computed from."""
    for summary in summaries:
        op = summary.op
        if op.type == "MergeSummary":
            yield from _behind(list(op.inputs))
        elif op.type.endswith("Summary") or op.type == "TensorSummaryV2":
            yield from (tensor for tensor in op.inputs if tensor.op.type != "Const")
        else:
            yield summary
