"""`MultiLabelHead`: any of several classes, from a logit for each class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, exports, metric_rows, tensors, vocabularies
from estimator_compat.heads.keys import MetricKeys, PredictionKeys
from estimator_compat.heads.metric_rows import Evidence, Pick, Row
from estimator_compat.heads.single_head import SingleHead
from estimator_compat.heads.tasks import Task
from estimator_compat.type_aliases import Labels, Tensor


def _probabilities(evidence: Evidence) -> Tensor:
    return evidence.predictions[PredictionKeys.PROBABILITIES]


def _labels(evidence: Evidence) -> Tensor:
    return evidence.labels


def _of_class(pick: Pick, class_id: int) -> Pick:
    """Returns a function to the column of a class."""
    return lambda evidence: pick(evidence)[..., class_id : class_id + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLabel(Task):
    """Any of several classes: the mean of the sigmoids' cross entropies over the classes.

    Attributes:
      n_classes: The number of classes.
      thresholds: Probabilities at which metrics are computed, too.
      vocabulary: The words of the classes, or None.
      metric_classes: The ids of the classes that get metrics of their own.
      predicts_classes: Whether all classes are among the predictions.
    """

    n_classes: int
    thresholds: tuple[float, ...] = ()
    vocabulary: Sequence[str] | None = None
    metric_classes: tuple[int, ...] = ()
    predicts_classes: bool = True

    @property
    def logits_dimension(self) -> int:
        """A logit for each class."""
        return self.n_classes

    @property
    def prediction_keys(self) -> tuple[str, ...]:
        """The names of the predictions, in their order."""
        keys = (PredictionKeys.LOGITS, PredictionKeys.PROBABILITIES, PredictionKeys.CLASSES)
        return keys if self.predicts_classes else keys[:-1]

    @property
    def exports(self) -> dict[str, str]:
        """A classification."""
        return {exports.CLASSIFY: PredictionKeys.PROBABILITIES}

    @property
    def classes(self) -> tuple[int, Sequence[str] | None]:
        """The number of classes, and their words."""
        return self.n_classes, self.vocabulary

    def processed_labels(self, labels: Labels, logits: Tensor) -> Tensor:
        """Returns a 0 or a 1 for each class, integers, `[D0, D1, ... DN, n_classes]`.

        Args:
          labels: The same, or the classes of each example as a SparseTensor of ids or words.
          logits: `[D0, D1, ... DN, n_classes]`.
        """
        if labels is None:
            raise ValueError(tensors.NO_LABELS)
        if isinstance(labels, tf.SparseTensor):
            labels = tf.cast(self._indicators(labels), tf.int64)
        else:
            message = (
                "labels must be an integer indicator Tensor with values in [0, 1]; expected 0 or 1 "
                "for each class; pass a SparseTensor for class ids."
            )
            labels = tensors.in_range(labels, 2, message)
        return tensors.dense_labels(labels, logits, self.n_classes)

    def _indicators(self, labels: tf.SparseTensor) -> Tensor:
        """Returns whether an example has a class, `[D0, D1, ... DN, n_classes]`."""
        if labels.dtype == tf.string:
            values = vocabularies.ids(labels.values, self.vocabulary or ())
            return tf.sparse.to_indicator(labels.with_values(values), self.n_classes)
        if not labels.dtype.is_integer:
            raise ValueError(
                f"Labels dtype should be integer. Instead got {labels.dtype}; expected class ids; "
                "cast the labels, or pass `label_vocabulary` for words."
            )
        message = (
            f"labels must be an integer SparseTensor with values in [0, {self.n_classes}); "
            "expected class ids; check `n_classes`."
        )
        values = tensors.in_range(labels.values, self.n_classes, message)
        return tf.sparse.to_indicator(labels.with_values(values), self.n_classes)

    def own_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Returns the mean cross entropy of the sigmoids, `[D0, D1, ... DN, 1]`."""
        loss = tf1.losses.sigmoid_cross_entropy(
            multi_class_labels=labels, logits=logits, reduction=tf1.losses.Reduction.NONE
        )
        return tf.reduce_mean(loss, axis=-1, keepdims=True)

    def predictions(self, logits: Tensor, keys: Sequence[str]) -> dict[str, Tensor]:
        """Returns the predictions that are asked for, by name."""
        makers: dict[str, Callable[[], Tensor]] = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.PROBABILITIES: lambda: tf.sigmoid(
                logits, name=PredictionKeys.PROBABILITIES
            ),
            PredictionKeys.CLASSES: lambda: vocabularies.all_classes(
                logits, self.n_classes, self.vocabulary
            ),
        }
        return {key: makers[key]() for key in keys}

    def metric_rows(self) -> list[Row]:
        """Returns the metrics in their order."""
        return [
            metric_rows.loss_mean(),
            *metric_rows.aucs(_labels, _probabilities),
            metric_rows.REGULARIZATION,
            *metric_rows.at_thresholds(self.thresholds, _probabilities),
            *(row for class_id in self.metric_classes for row in self._class_rows(class_id)),
        ]

    def _class_rows(self, class_id: int) -> list[Row]:
        labels, probabilities = _of_class(_labels, class_id), _of_class(_probabilities, class_id)
        name = self.vocabulary[class_id] if self.vocabulary else f"class{class_id}"
        keys = (f"{MetricKeys.AUC}/{name}", f"{MetricKeys.AUC_PR}/{name}")
        return [
            metric_rows.prediction_mean(probabilities, f"probability_mean/{name}"),
            *metric_rows.aucs(labels, probabilities, keys),
        ]


def checked_task(
    n_classes: int,
    thresholds: Sequence[float] | None,
    vocabulary: Sequence[str] | None,
    loss_fn: Callable[..., Tensor] | None,
    metric_classes: Sequence[Any] | None,
    *,
    predicts_classes: bool,
) -> MultiLabel:
    """Makes the task of the arguments of a head, which are checked.

    Args:
      n_classes: The number of classes.
      thresholds: Probabilities above 0 and below 1, or None.
      vocabulary: The words of the classes, or None.
      loss_fn: The program's function for the unreduced loss, or None.
      metric_classes: The classes that get metrics of their own, as ids or words, or None.
      predicts_classes: Whether all classes are among the predictions.

    Raises:
      ValueError: An argument has another form.
    """
    if n_classes is None or n_classes < 2:
        raise ValueError(
            f"n_classes must be > 1 for multi-label classification. Given: {n_classes}; expected "
            "two or more classes; count the classes of the labels."
        )
    message = "thresholds must be in (0, 1) range. Given: {one}"
    numbers = arguments.checked_thresholds(thresholds, message=message)
    arguments.check_vocabulary_type(vocabulary, message="must be a list or tuple")
    if vocabulary is not None and len(vocabulary) != n_classes:
        raise ValueError(
            f"Length of label_vocabulary must be n_classes ({n_classes}). Given: "
            f"{len(vocabulary)}; expected a word for each class; change one of the two."
        )
    return MultiLabel(
        n_classes=n_classes,
        thresholds=numbers,
        vocabulary=vocabulary,
        loss_fn=loss_fn,
        metric_classes=arguments.checked_metric_classes(metric_classes, n_classes, vocabulary),
        predicts_classes=predicts_classes,
    )


class MultiLabelHead(SingleHead):
    """A head for any of several classes.

    Args:
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, or its numeric column;
        None for equal weights.
      thresholds: Probabilities at which accuracy, precision and recall are computed, too.
      label_vocabulary: The words of the classes, if the labels are a SparseTensor of words.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      loss_fn: A function of `labels`, `logits` and, if it has this argument, `features`, which
        returns the unreduced loss, `[D0, D1, ... DN, 1]`.
      classes_for_class_based_metrics: The classes that get metrics of their own, as ids or words.
      name: The name of the head, which its metrics and summaries end in.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        thresholds: Sequence[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        loss_fn: Callable[..., Tensor] | None = None,
        classes_for_class_based_metrics: Sequence[Any] | None = None,
        name: str | None = None,
    ) -> None:
        task = checked_task(
            n_classes,
            thresholds,
            label_vocabulary,
            loss_fn,
            classes_for_class_based_metrics,
            predicts_classes=True,
        )
        super().__init__(
            task, weight_column=weight_column, loss_reduction=loss_reduction, name=name
        )
