"""The two loss summaries: `loss_per_example`, a histogram, and `average_loss`, a scalar.

A model_fn calls `loss_summaries`; a TF2 evaluation loop uses `LossAccumulator`. The
histograms have the bucket limits of `tf.compat.v1.summary.histogram`, which do not depend on the
data. Hence the sum of the batches' histograms is exactly the histogram of the whole evaluation set,
and its memory does not grow with the set.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses.histogram_total import HISTOGRAM_TAG, HistogramTotal
from estimator_compat.losses.weighted_losses import average_loss, check_weights
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Session, Tensor

SCALAR_TAG = "average_loss"
# The graph collection to which a call of `loss_summaries` in EVAL adds a `LossPerExample`.
PER_EXAMPLE_COLLECTION = "estimator_compat/loss_per_example"


class LossPerExample(NamedTuple):
    """A batch's unreduced losses, their weights in the same shape, and the name of their term.

    The name is "" if the loss has one term.
    """

    losses: tf.Tensor
    weights: tf.Tensor
    term: str = ""

    @property
    def name(self) -> str:
        """The entry's name in a meta graph, which the Estimator exports in EVAL as well."""
        return str(self.losses.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSummaries:
    """The metrics and hooks that a model_fn adds to its EstimatorSpec; both empty except in EVAL.

    Attributes:
      eval_metric_ops: `{"average_loss": (value, update)}`, over the whole evaluation set.
      evaluation_hooks: The `LossHistogramHook` that writes `loss_per_example`.
    """

    eval_metric_ops: dict[str, Any] = field(default_factory=dict)
    evaluation_hooks: tuple["LossHistogramHook", ...] = ()


def loss_summaries(
    losses: Tensor,
    weights: Tensor = None,
    *,
    mode: str,
    output_dir: str | None = None,
    step: Any = None,
    term: str = "",
) -> LossSummaries:
    """Adds `loss_per_example` and `average_loss` to a model_fn, or to a TF2 training step.

    In a v1 graph, TRAIN adds both to the SUMMARIES collection, which the Estimator writes every
    `save_summary_steps`; EVAL returns a metric and a hook that cover the whole evaluation set. In
    TF2, TRAIN writes both to the default `tf.summary` writer, if there is one and it is recording.
    EVAL writes nothing in TF2, because it sees one batch only; use `LossAccumulator` instead.
    PREDICT does nothing, and nor does a v1 graph of several replicas. A name scope around the call
    does not change the tags.

    Args:
      losses: Unreduced losses of any shape, usually `[batch, ...]`. The histogram leaves out NaN
        and Inf; NanTensorHook reports them.
      weights: A number or a tensor that fits `losses` by the rule of
        `weighted_losses.check_weights`. None is 1. The histogram is unweighted.
      mode: A `ModeKeys` value.
      output_dir: In EVAL, the directory for the histogram. If it is None,
        `estimator_compat.Estimator` fills it in; for another Estimator pass its `eval_dir()`.
      step: In TF2, the step to write at. None is `tf.summary.experimental.get_step()`.
      term: The name of the loss, if the model_fn has several losses. The tags are then
        `loss_per_example/<term>` and `average_loss/<term>`. "" for a single loss.

    Returns:
      The metric and the hook of an evaluation; empty for other modes, and in TF2.

    Raises:
      ValueError: `mode` is unknown, the shapes do not fit, or the graph has a summary with the same
        tag.
    """
    if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
        raise ValueError(f"`mode` ({mode!r}) must be a ModeKeys value; pass on the model_fn's own.")
    in_graph = not tf1.executing_eagerly_outside_functions()
    if mode == ModeKeys.PREDICT or (mode == ModeKeys.EVAL and not in_graph):
        return LossSummaries()
    if in_graph and is_one_of_several_replicas():
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


def is_one_of_several_replicas() -> bool:
    """Tells whether a model is built in one of several replicas; logs that it gets no summaries.

    Only the first replica writes summaries, and it has only its own examples.
    """
    replicas: int = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:
        tf1.logging.warning(
            "`loss_per_example` and `average_loss` are not written for %d replicas, of which only "
            "the first writes summaries; expected one replica; evaluate without a strategy.",
            replicas,
        )
    return replicas > 1


def add(losses: tf.Tensor, average: tf.Tensor, *, term: str = "") -> None:
    """Adds both summaries to the SUMMARIES collection of the default graph.

    Args:
      losses: Unreduced losses of any shape, for the histogram.
      average: Their weighted mean, a scalar.
      term: The name of one of several losses; "" for a single loss.

    Raises:
      ValueError: The graph has a summary with the same tag.
    """
    histogram, scalar = tags(term)
    _check_tags_are_free({histogram, scalar})
    for summary in (_histogram(losses, histogram), _scalar(average, scalar)):
        tf1.add_to_collection(tf1.GraphKeys.SUMMARIES, summary)


def histogram_alone(losses: tf.Tensor, weights: Tensor, *, mode: str, term: str) -> LossSummaries:
    """Adds `loss_per_example` to a v1 graph that has an `average_loss` already, such as a head's.

    Args:
      losses: As for `loss_summaries`.
      weights: As for `loss_summaries`.
      mode: TRAIN or EVAL.
      term: As for `loss_summaries`.

    Returns:
      The hook of an evaluation; empty in TRAIN.
    """
    if mode == ModeKeys.EVAL:
        hook = _evaluation_hook(losses, _full_weights(losses, weights), None, term)
        return LossSummaries(evaluation_hooks=(hook,))
    tf1.add_to_collection(tf1.GraphKeys.SUMMARIES, _histogram(losses, tags(term)[0]))
    return LossSummaries()


def add_loss(loss: tf.Tensor) -> None:
    """Adds the Estimator's own summary, `loss`, unless the model_fn has a summary of that name."""
    summaries = tf1.get_collection(tf1.GraphKeys.SUMMARIES)
    if not any(summary.op.name == "loss" for summary in summaries):
        tf1.summary.scalar("loss", loss)


def tags(term: str = "") -> tuple[str, str]:
    """Returns the tags of a term's histogram and of its average."""
    suffix = f"/{term}" if term else ""
    return HISTOGRAM_TAG + suffix, SCALAR_TAG + suffix


def taken_tags() -> set[str]:
    """Returns the tags of the default graph's summaries."""
    summaries = tf1.get_collection(tf1.GraphKeys.SUMMARIES)
    return set().union(*(_tags(summary.op) for summary in summaries))


def _check_tags_are_free(new_tags: set[str]) -> None:
    """Raises a ValueError if the graph has a summary with one of the tags.

    Without the check, the op MergeSummary would fail at the first save, with a message that does
    not name the summary.
    """
    for summary in tf1.get_collection(tf1.GraphKeys.SUMMARIES):
        for tag in new_tags & _tags(summary.op):
            raise ValueError(
                f"`loss_summaries` writes the tag {tag!r}, which must be free in the graph, and "
                f"{summary.op.name!r} has it; call `loss_summaries` once a model_fn, and take away "
                "or rename a summary of your own."
            )


def _tags(summary: tf.Operation) -> set[str]:
    """Returns the tags of a summary op: its first input, if that is a constant of strings."""
    values = [np.ravel(tf.get_static_value(tensor)) for tensor in summary.inputs[:1]]
    return {tag.decode() for tags in values for tag in tags if isinstance(tag, bytes)}


def _evaluation(
    losses: tf.Tensor, weights: Tensor, output_dir: str | None, term: str
) -> LossSummaries:
    mean = _positive_mean if weights is None else _weighted_mean
    weights = _full_weights(losses, weights)
    metric = mean(losses, weights)
    hook = _evaluation_hook(losses, weights, output_dir, term)
    return LossSummaries(eval_metric_ops={tags(term)[1]: metric}, evaluation_hooks=(hook,))


def _full_weights(losses: tf.Tensor, weights: Tensor) -> tf.Tensor:
    """Returns the weights in the shape of the losses, float32."""
    weights = check_weights(losses, 1.0 if weights is None else weights)
    return tf.cast(weights, tf.float32) * tf.ones_like(losses, tf.float32)


def _evaluation_hook(
    losses: tf.Tensor, weights: tf.Tensor, output_dir: str | None, term: str
) -> "LossHistogramHook":
    tf1.add_to_collection(PER_EXAMPLE_COLLECTION, LossPerExample(losses, weights, term))
    histogram = tags(term)[0]
    return LossHistogramHook(_histogram(losses, histogram), output_dir=output_dir, tag=histogram)


def _positive_mean(losses: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the metric `sum(w*l) / sum(w)`, with its update; 0 unless `sum(w)` is positive."""
    value, update = tf1.metrics.mean(losses, weights, name=SCALAR_TAG)
    return value, update


def _weighted_mean(losses: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the metric `sum(w*l) / sum(w)`, with its update; 0 if `sum(w)` is 0.

    The mean of `tf.metrics` is also 0 if the sum of the weights is negative. The mean under the
    negated weights has the right value then, and it is 0 otherwise.
    """
    means = [_positive_mean(losses, signed) for signed in (weights, -weights)]
    value, update = (tf.add(*pair) for pair in zip(*means, strict=True))
    return value, update


# `tf.compat.v1.summary` calls the same raw ops, but puts the tag into the current name scope.
# `tf.summary.scalar` and `tf.summary.histogram` of TF2 need the TensorBoard package.
def _histogram(losses: tf.Tensor, tag: str) -> tf.Tensor:
    """Returns the serialized histogram summary of the finite losses, a scalar string tensor."""
    with tf.name_scope("loss_summaries"):
        values = tf.reshape(tf.cast(losses, tf.float64), [-1])
        # The comparison is false for NaN and Inf. It is also false for the limit of the last
        # bucket, because the op finds no bucket for it.
        values = tf.boolean_mask(values, tf.abs(values) < tf.float64.max)
    with tf.name_scope(""):
        return tf.raw_ops.HistogramSummary(tag=tag, values=values, name=tag)


def _scalar(value: tf.Tensor, tag: str) -> tf.Tensor:
    with tf.name_scope(""):
        return tf.raw_ops.ScalarSummary(tags=tag, values=value, name=tag)


class LossHistogramHook(tf1.train.SessionRunHook):
    """Writes the histogram of an evaluation's losses, at the global step of its checkpoint.

    Attributes:
      serialized: A scalar string tensor: a batch's serialized histogram summary.
      output_dir: The directory of the event file. If it is None, the caller of the evaluation must
        set it before the session is created.
      tag: The tag of the whole evaluation set's histogram.
    """

    def __init__(
        self, serialized: tf.Tensor, *, output_dir: str | None = None, tag: str = HISTOGRAM_TAG
    ) -> None:
        self.output_dir = output_dir
        self.tag = tag
        self.serialized = serialized

    def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
        """Takes the folder of an Estimator's evaluation, unless one is given."""
        del evaluated  # The histogram has a point per evaluation, whatever the number of batches.
        if self.output_dir is None:
            self.output_dir = eval_dir

    def begin(self) -> None:
        """Starts an empty total.

        Raises:
          ValueError: `output_dir` is None, or the graph has no global step.
        """
        if self.output_dir is None:
            raise ValueError(
                "`output_dir` (None) must be the evaluation's directory; pass "
                "`loss_summaries(..., output_dir=estimator.eval_dir())`, or use "
                "`estimator_compat.Estimator`, which fills it in."
            )
        self._global_step = tf1.train.get_global_step()
        if self._global_step is None:
            raise ValueError(
                "The graph has no global step, which `loss_summaries` needs in EVAL; call "
                "`tf.compat.v1.train.create_global_step()` before the session is made."
            )
        self._total = HistogramTotal()

    def before_run(self, run_context: Any) -> Any:
        """Fetches the batch's histogram."""
        del run_context
        return tf1.train.SessionRunArgs(self.serialized)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Adds the batch's histogram to the total."""
        del run_context
        self._total.add(run_values.results)

    def end(self, session: Session) -> None:
        """Writes the total at the global step of the checkpoint."""
        writer = tf1.summary.FileWriterCache.get(self.output_dir)
        writer.add_summary(self._total.summary(self.tag), session.run(self._global_step))
        writer.flush()


class LossAccumulator:
    """Accumulates both loss summaries over a whole evaluation set in TF2."""

    def __init__(self) -> None:
        self._histogram = HistogramTotal()
        self._weighted_sum = 0.0
        self._weight_sum = 0.0

    def update(self, losses: Tensor, weights: Tensor = None) -> None:
        """Adds a batch, eagerly or in a `tf.function`.

        Args:
          losses: Unreduced losses of any shape, as in `loss_summaries`.
          weights: A number or a tensor that fits `losses`; None is 1.
        """
        losses = tf.convert_to_tensor(losses)
        weights = check_weights(losses, 1.0 if weights is None else weights)
        losses64 = tf.cast(losses, tf.float64)
        weights64 = tf.cast(weights, tf.float64) * tf.ones_like(losses64)
        sums = tf.reduce_sum(losses64 * weights64), tf.reduce_sum(weights64)
        tf.py_function(self._add, [_histogram(losses, HISTOGRAM_TAG), *sums], [])

    def _add(self, serialized: Any, weighted_sum: Any, weight_sum: Any) -> None:
        self._histogram.add(serialized.numpy())
        self._weighted_sum += float(weighted_sum)
        self._weight_sum += float(weight_sum)

    def result(self) -> float:
        """Returns `sum(w*l) / sum(w)` over all batches so far, or 0.0 if `sum(w)` is 0."""
        return self._weighted_sum / self._weight_sum if self._weight_sum else 0.0

    def write(self, step: int) -> None:
        """Writes `loss_per_example` and `average_loss` to the default `tf.summary` writer.

        Args:
          step: The training step that the evaluation is about.
        """
        summary = self._histogram.summary()
        summary.value.add(tag=SCALAR_TAG, simple_value=self.result())
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)
