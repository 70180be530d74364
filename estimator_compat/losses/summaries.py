"""The two loss summaries: `loss_per_example`, a histogram, and `average_loss`, a scalar.

A model_fn calls `loss_summaries`; a TF2 evaluation loop uses `LossAccumulator`. Histograms keep the
form of `tf.compat.v1.summary.histogram`, whose bucket limits do not depend on the data: so those of
single batches add up to exactly that of the whole set, in memory that does not grow with it.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat.losses.histogram_total import HISTOGRAM_TAG, HistogramTotal
from estimator_compat.losses.weighted_loss import average_loss, check_weights
from estimator_compat.mode_keys import ModeKeys

SCALAR_TAG = "average_loss"
# The graph collection to which each `loss_summaries` call in EVAL adds a `LossPerExample`.
PER_EXAMPLE_COLLECTION = "estimator_compat/loss_per_example"


class LossPerExample(NamedTuple):
    """A batch's unreduced losses, its weights in the same shape, and which term they are of."""

    losses: tf.Tensor
    weights: tf.Tensor
    term: str = ""

    @property
    def name(self) -> str:
        """The entry's name in a meta graph, which the Estimator exports for an evaluation too."""
        return str(self.losses.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSummaries:
    """What a model_fn adds to its EstimatorSpec; empty but in EVAL.

    Attributes:
        eval_metric_ops: `{"average_loss": (value, update)}`, over the whole evaluation set.
        evaluation_hooks: the `LossHistogramHook` that writes `loss_per_example`.
    """

    eval_metric_ops: dict[str, Any] = field(default_factory=dict)
    evaluation_hooks: tuple["LossHistogramHook", ...] = ()


def loss_summaries(
    losses: Any,
    weights: Any = None,
    *,
    mode: str,
    output_dir: str | None = None,
    step: Any = None,
    term: str = "",
) -> LossSummaries:
    """Adds `loss_per_example` and `average_loss` to a model_fn, or to a TF2 training step.

    In a v1 graph, TRAIN adds both to the SUMMARIES collection, which the Estimator writes every
    `save_summary_steps`; EVAL returns the metric and the hook that cover the whole evaluation set.
    In TF2, TRAIN writes both to the default `tf.summary` writer, where there is one and it is
    recording; EVAL writes nothing, since one batch tells little: use `LossAccumulator`. PREDICT
    does nothing. The tags are exact in whatever name scope the caller is.

    Args:
        losses: unreduced losses of any shape, `[batch, ...]` as a rule. NaN and Inf are left out
            of the histogram, so that NanTensorHook is the one to report them.
        weights: a number or a tensor that fits `losses` (`losses.check_weights`); None is 1. The
            histogram is unweighted.
        mode: a `ModeKeys` value.
        output_dir: in EVAL, the directory for the histogram. `estimator_compat.Estimator` fills it
            in where it is None; for another Estimator pass its `eval_dir()`.
        step: in TF2, the step to write at; None is `tf.summary.experimental.get_step()`.
        term: names one of several losses, which all have summaries: the tags are then
            `loss_per_example/<term>` and `average_loss/<term>`.

    Raises:
        ValueError: `mode` is unknown, the shapes do not fit, or the graph has such a summary.
    """
    if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
        raise ValueError(f"`mode` ({mode!r}) must be a ModeKeys value; pass on the model_fn's own.")
    in_graph = not tf.compat.v1.executing_eagerly_outside_functions()
    if mode == ModeKeys.PREDICT or (mode == ModeKeys.EVAL and not in_graph):
        return LossSummaries()
    losses = tf.convert_to_tensor(losses)
    if mode == ModeKeys.EVAL:
        return _evaluation(losses, weights, output_dir, term)
    average = average_loss(losses, weights)
    if in_graph:
        add(losses, average, term=term)
        return LossSummaries()
    histogram, scalar = tags(term)
    for summary in (_histogram(losses, histogram), _scalar(average, scalar)):
        tf.summary.experimental.write_raw_pb(summary, step)
    return LossSummaries()


def add(losses: tf.Tensor, average: tf.Tensor, *, term: str = "") -> None:
    """Adds both summaries to the SUMMARIES collection of the default graph.

    Raises:
        ValueError: the graph has such a summary.
    """
    histogram, scalar = tags(term)
    _refuse_taken_tags({histogram, scalar})
    for summary in (_histogram(losses, histogram), _scalar(average, scalar)):
        tf.compat.v1.add_to_collection(tf.compat.v1.GraphKeys.SUMMARIES, summary)


def add_loss(loss: tf.Tensor) -> None:
    """Adds the Estimator's own summary, `loss`, unless the model_fn has one of that name."""
    summaries = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.SUMMARIES)
    if not any(summary.op.name == "loss" for summary in summaries):
        tf.compat.v1.summary.scalar("loss", loss)


def tags(term: str = "") -> tuple[str, str]:
    """The tags of a term's histogram and of its average."""
    end = f"/{term}" if term else ""
    return HISTOGRAM_TAG + end, SCALAR_TAG + end


def taken_tags() -> set[str]:
    """The tags of the default graph's summaries."""
    summaries = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.SUMMARIES)
    return set().union(*(_tags(summary.op) for summary in summaries))


def _refuse_taken_tags(wanted: set[str]) -> None:
    """Refuses what MergeSummary would refuse at the first save, in words that name no tensor."""
    for summary in tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.SUMMARIES):
        for tag in wanted & _tags(summary.op):
            raise ValueError(
                f"`loss_summaries` writes the tag {tag!r}, which must be free in the graph, and "
                f"{summary.op.name!r} has it; call `loss_summaries` once a model_fn, and take away "
                "or rename a summary of your own."
            )


def _tags(summary: tf.Operation) -> set[str]:
    """Reads the tags of a summary op, which are its first input where it is one at all."""
    values = [np.ravel(tf.get_static_value(tensor)) for tensor in summary.inputs[:1]]
    return {tag.decode() for tags in values for tag in tags if isinstance(tag, bytes)}


def _evaluation(
    losses: tf.Tensor, weights: Any, output_dir: str | None, term: str
) -> LossSummaries:
    histogram, scalar = tags(term)
    weights = check_weights(losses, 1.0 if weights is None else weights)
    weights = tf.cast(weights, tf.float32) * tf.ones_like(losses, tf.float32)
    tf.compat.v1.add_to_collection(PER_EXAMPLE_COLLECTION, LossPerExample(losses, weights, term))
    metric = tf.compat.v1.metrics.mean(losses, weights, name=SCALAR_TAG)
    hook = LossHistogramHook(_histogram(losses, histogram), output_dir=output_dir, tag=histogram)
    return LossSummaries(eval_metric_ops={scalar: metric}, evaluation_hooks=(hook,))


# The raw ops are what `tf.compat.v1.summary` wraps. They take the tag as it is, and unlike
# `tf.summary.scalar` and `tf.summary.histogram` they need no TensorBoard package, also in TF2.
def _histogram(losses: tf.Tensor, tag: str) -> tf.Tensor:
    """Serializes the `tf.compat.v1.Summary` of the finite `losses`."""
    with tf.name_scope("loss_summaries"):
        values = tf.reshape(tf.cast(losses, tf.float64), [-1])
        # False for NaN and Inf, and for the limit of the last bucket, which the op cannot place.
        values = tf.boolean_mask(values, tf.abs(values) < tf.float64.max)
    with tf.name_scope(""):
        return tf.raw_ops.HistogramSummary(tag=tag, values=values, name=tag)


def _scalar(value: tf.Tensor, tag: str) -> tf.Tensor:
    with tf.name_scope(""):
        return tf.raw_ops.ScalarSummary(tags=tag, values=value, name=tag)


class LossHistogramHook(tf.compat.v1.train.SessionRunHook):
    """Writes the histogram of an evaluation's losses, at the global step of its checkpoint.

    Attributes:
        output_dir: the directory of the event file; whoever runs the evaluation may fill it in
            before the session is made. None is refused then.
        serialized: one batch's histogram summary, a scalar string tensor.
        tag: what the whole set's histogram is written as.
    """

    def __init__(
        self, serialized: tf.Tensor, *, output_dir: str | None = None, tag: str = HISTOGRAM_TAG
    ) -> None:
        """Takes the scalar string tensor of one batch's histogram summary, and the tag to write."""
        self.output_dir = output_dir
        self.tag = tag
        self.serialized = serialized

    def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
        """Takes the folder of an Estimator's evaluation, unless one is given."""
        if self.output_dir is None:
            self.output_dir = eval_dir

    def begin(self) -> None:
        if self.output_dir is None:
            raise ValueError(
                "`output_dir` (None) must be the evaluation's directory; pass "
                "`loss_summaries(..., output_dir=estimator.eval_dir())`, or use "
                "`estimator_compat.Estimator`, which fills it in."
            )
        self._step = tf.compat.v1.train.get_global_step()
        if self._step is None:
            raise ValueError(
                "The graph has no global step, which `loss_summaries` needs in EVAL; call "
                "`tf.compat.v1.train.create_global_step()` before the session is made."
            )
        self._total = HistogramTotal()

    def before_run(self, run_context: Any) -> Any:
        return tf.compat.v1.train.SessionRunArgs(self.serialized)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._total.add(run_values.results)

    def end(self, session: tf.compat.v1.Session) -> None:
        writer = tf.compat.v1.summary.FileWriterCache.get(self.output_dir)
        writer.add_summary(self._total.summary(self.tag), session.run(self._step))
        writer.flush()


class LossAccumulator:
    """Accumulates both loss summaries over a whole evaluation set, in TF2."""

    def __init__(self) -> None:
        self._histogram = HistogramTotal()
        self._weighted_sum = 0.0
        self._weight_sum = 0.0

    def update(self, losses: Any, weights: Any = None) -> None:
        """Adds one batch, eagerly or in a `tf.function`; the arguments are `loss_summaries`'s."""
        losses = tf.convert_to_tensor(losses)
        weights = check_weights(losses, 1.0 if weights is None else weights)
        wide = tf.cast(losses, tf.float64)
        weights = tf.cast(weights, tf.float64) * tf.ones_like(wide)
        sums = tf.reduce_sum(wide * weights), tf.reduce_sum(weights)
        tf.py_function(self._add, [_histogram(losses, HISTOGRAM_TAG), *sums], [])

    def _add(self, serialized: Any, weighted_sum: Any, weight_sum: Any) -> None:
        self._histogram.add(serialized.numpy())
        self._weighted_sum += float(weighted_sum)
        self._weight_sum += float(weight_sum)

    def result(self) -> float:
        """Returns `sum(w*l) / sum(w)` over all batches so far, 0.0 where `sum(w)` is 0."""
        return self._weighted_sum / self._weight_sum if self._weight_sum else 0.0

    def write(self, step: int) -> None:
        """Writes `loss_per_example` and `average_loss` to the default `tf.summary` writer."""
        summary = self._histogram.summary()
        summary.value.add(tag=SCALAR_TAG, simple_value=self.result())
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)
