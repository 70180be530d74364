"""`BinaryClassHead`: one of two classes, from one logit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from estimator_compat.heads import arguments, exports, metric_rows, tensors, vocabularies
from estimator_compat.heads.keys import MetricKeys, PredictionKeys
from estimator_compat.heads.metric_rows import Evidence, Mean, Row
from estimator_compat.heads.single_head import SingleHead
from estimator_compat.heads.tasks import Task
from estimator_compat.type_aliases import Labels, Tensor


def _logistic(evidence: Evidence) -> Tensor:
    return evidence.predictions[PredictionKeys.LOGISTIC]


def _class_ids(evidence: Evidence) -> Tensor:
    return evidence.predictions[PredictionKeys.CLASS_IDS]


def _labels(evidence: Evidence) -> Tensor:
    return evidence.labels


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryClass(Task):
    """One of two classes, from one logit: the sigmoid's cross entropy.

    Attributes:
      thresholds: Probabilities at which metrics are computed, too.
      vocabulary: The words of the classes, or None.
    """

    thresholds: tuple[float, ...] = ()
    vocabulary: Sequence[str] | None = None

    @property
    def logits_dimension(self) -> int:
        """One logit, of class 1."""
        return 1

    @property
    def prediction_keys(self) -> tuple[str, ...]:
        """The names of the predictions, in their order."""
        return (
            PredictionKeys.LOGITS,
            PredictionKeys.LOGISTIC,
            PredictionKeys.PROBABILITIES,
            PredictionKeys.CLASS_IDS,
            PredictionKeys.CLASSES,
            PredictionKeys.ALL_CLASS_IDS,
            PredictionKeys.ALL_CLASSES,
        )

    @property
    def exports(self) -> dict[str, str]:
        """A classification, and a regression of the probability of class 1."""
        return {
            exports.CLASSIFY: PredictionKeys.PROBABILITIES,
            exports.REGRESS: PredictionKeys.LOGISTIC,
        }

    @property
    def classes(self) -> tuple[int, Sequence[str] | None]:
        """Two classes, and their words."""
        return 2, self.vocabulary

    def processed_labels(self, labels: Labels, logits: Tensor) -> Tensor:
        """Returns the labels as float32 from 0 to 1, `[D0, D1, ... DN, 1]`."""
        labels = tensors.dense_labels(labels, logits, 1)
        if self.vocabulary is not None:
            labels = vocabularies.ids(labels, self.vocabulary)
        return tensors.in_range(tf.cast(labels, tf.float32), 2)

    def own_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Returns the cross entropy of the sigmoid, `[D0, D1, ... DN, 1]`."""
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    def predictions(self, logits: Tensor, keys: Sequence[str]) -> dict[str, Tensor]:
        """Returns the predictions that are asked for, by name."""
        both = tf.concat((tf.zeros_like(logits), logits), axis=-1, name="two_class_logits")
        makers: dict[str, Callable[[], Tensor]] = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.LOGISTIC: lambda: tf.sigmoid(logits, name=PredictionKeys.LOGISTIC),
            PredictionKeys.PROBABILITIES: lambda: tf.nn.softmax(
                both, name=PredictionKeys.PROBABILITIES
            ),
            **vocabularies.class_makers(logits, both, 2, self.vocabulary),
        }
        return {key: makers[key]() for key in keys}

    def metric_rows(self) -> list[Row]:
        """Returns the metrics in their order."""
        hits = (MetricKeys.ACCURACY, MetricKeys.PRECISION, MetricKeys.RECALL)
        return [
            metric_rows.loss_mean(),
            *metric_rows.of_classes(_class_ids, *hits),
            metric_rows.prediction_mean(_logistic),
            Mean(key=MetricKeys.LABEL_MEAN, value=_labels, like_values=True),
            metric_rows.AccuracyBaseline(key=MetricKeys.ACCURACY_BASELINE),
            *metric_rows.aucs(_labels, _logistic, like_values=True),
            metric_rows.REGULARIZATION,
            *metric_rows.at_thresholds(self.thresholds, _logistic),
        ]


def checked_task(
    thresholds: Sequence[float] | None,
    vocabulary: Sequence[str] | None,
    loss_fn: Callable[..., Tensor] | None,
    error: type = ValueError,
) -> BinaryClass:
    """Makes the task of the arguments of a head, which are checked.

    Args:
      thresholds: Probabilities above 0 and below 1, or None.
      vocabulary: The words of the classes, or None.
      loss_fn: The program's function for the unreduced loss, or None.
      error: The error for a vocabulary of another type.
    """
    arguments.check_vocabulary_type(vocabulary, error=error)
    return BinaryClass(
        loss_fn=loss_fn,
        thresholds=arguments.checked_thresholds(
            thresholds, message="thresholds not in (0, 1): {all}"
        ),
        vocabulary=vocabulary,
    )


class BinaryClassHead(SingleHead):
    """A head for one of two classes.

    Args:
      weight_column: The name of the feature that has the examples' weights, or its numeric column;
        None for equal weights.
      thresholds: Probabilities at which accuracy, precision and recall are computed, too.
      label_vocabulary: The words of the classes, if the labels are words. Without it, labels are
        numbers from 0 to 1.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      loss_fn: A function of `labels`, `logits` and, if it has this argument, `features`, which
        returns the unreduced loss, `[D0, D1, ... DN, 1]`.
      name: The name of the head, which its metrics and summaries end in.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        weight_column: Any = None,
        thresholds: Sequence[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        loss_fn: Callable[..., Tensor] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            checked_task(thresholds, label_vocabulary, loss_fn),
            weight_column=weight_column,
            loss_reduction=loss_reduction,
            name=name,
        )
