"""`MultiClassHead`: one of three or more classes, from a logit for each class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, exports, metric_rows, tensors, vocabularies
from estimator_compat.heads.keys import MetricKeys, PredictionKeys
from estimator_compat.heads.metric_rows import Evidence, Row
from estimator_compat.heads.single_head import SingleHead
from estimator_compat.heads.tasks import Task
from estimator_compat.type_aliases import Labels, Tensor


def _class_ids(evidence: Evidence) -> Tensor:
    return evidence.predictions[PredictionKeys.CLASS_IDS]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiClass(Task):
    """One of three or more classes: the softmax's cross entropy.

    Attributes:
      n_classes: The number of classes, an integer or a scalar tensor.
      vocabulary: The words of the classes, or None.
      regularization_is_last: Whether the metric of the regularization is the last one.
    """

    n_classes: Any
    vocabulary: Sequence[str] | None = None
    regularization_is_last: bool = False

    @property
    def logits_dimension(self) -> Any:
        """A logit for each class."""
        return self.n_classes

    @property
    def prediction_keys(self) -> tuple[str, ...]:
        """The names of the predictions, in their order."""
        return (
            PredictionKeys.LOGITS,
            PredictionKeys.PROBABILITIES,
            PredictionKeys.CLASS_IDS,
            PredictionKeys.CLASSES,
            PredictionKeys.ALL_CLASS_IDS,
            PredictionKeys.ALL_CLASSES,
        )

    @property
    def exports(self) -> dict[str, str]:
        """A classification."""
        return {exports.CLASSIFY: PredictionKeys.PROBABILITIES}

    @property
    def classes(self) -> tuple[Any, Sequence[str] | None]:
        """The number of classes, and their words."""
        return self.n_classes, self.vocabulary

    def processed_labels(self, labels: Labels, logits: Tensor) -> Tensor:
        """Returns the class ids, integers, `[D0, D1, ... DN, 1]`.

        Raises:
          ValueError: The labels have another shape, or they are neither integers nor words.
        """
        labels = tensors.dense_labels(labels, logits, 1)
        if self.vocabulary is None and not labels.dtype.is_integer:
            raise ValueError(
                f"Labels dtype should be integer. Instead got {labels.dtype}; expected class ids; "
                "cast the labels, or pass `label_vocabulary` for words."
            )
        if self.vocabulary is not None:
            if labels.dtype != tf.string:
                raise ValueError(
                    "Labels dtype should be string if there is a vocabulary. Instead got "
                    f"{labels.dtype}; expected words; leave `label_vocabulary` out for class ids."
                )
            labels = vocabularies.ids(labels, self.vocabulary)
        return tensors.in_range(labels, self.n_classes)

    def own_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Returns the cross entropy of the softmax, `[D0, D1, ... DN, 1]`."""
        loss = tf1.losses.sparse_softmax_cross_entropy(
            labels=labels, logits=logits, reduction=tf1.losses.Reduction.NONE
        )
        return tf.expand_dims(loss, axis=-1)

    def predictions(self, logits: Tensor, keys: Sequence[str]) -> dict[str, Tensor]:
        """Returns the predictions that are asked for, by name."""
        makers: dict[str, Callable[[], Tensor]] = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.PROBABILITIES: lambda: tf.nn.softmax(
                logits, name=PredictionKeys.PROBABILITIES
            ),
            **vocabularies.class_makers(logits, logits, self.n_classes, self.vocabulary),
        }
        return {key: makers[key]() for key in keys}

    def metric_rows(self) -> list[Row]:
        """Returns the metrics in their order."""
        accuracy = metric_rows.of_classes(_class_ids, MetricKeys.ACCURACY)
        if self.regularization_is_last:
            return [metric_rows.loss_mean(), *accuracy, metric_rows.REGULARIZATION]
        return [metric_rows.loss_mean(), metric_rows.REGULARIZATION, *accuracy]


class MultiClassHead(SingleHead):
    """A head for one of three or more classes.

    Args:
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, or its numeric column;
        None for equal weights.
      label_vocabulary: The words of the classes, if the labels are words. Without it, labels are
        class ids.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      loss_fn: A function of `labels`, `logits` and, if it has this argument, `features`, which
        returns the unreduced loss, `[D0, D1, ... DN, 1]`.
      name: The name of the head, which its metrics and summaries end in.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        loss_fn: Callable[..., Tensor] | None = None,
        name: str | None = None,
    ) -> None:
        count = arguments.checked_class_count(n_classes)
        arguments.check_vocabulary_type(label_vocabulary)
        if label_vocabulary is not None and len(label_vocabulary) != n_classes:
            raise ValueError(
                '"label_vocabulary" does not have "n_classes" items. len(label_vocabulary)='
                f"{len(label_vocabulary)}, n_classes={n_classes}; expected a word for each class; "
                "change one of the two."
            )
        super().__init__(
            MultiClass(n_classes=count, vocabulary=label_vocabulary, loss_fn=loss_fn),
            weight_column=weight_column,
            loss_reduction=loss_reduction,
            name=name,
        )
