"""`RegressionHead`, and its kinds for labels of 0 to 1 and for counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, exports, metric_rows, tensors
from estimator_compat.heads.keys import MetricKeys, PredictionKeys
from estimator_compat.heads.metric_rows import Evidence, Mean, Row
from estimator_compat.heads.single_head import SingleHead
from estimator_compat.heads.tasks import Task
from estimator_compat.type_aliases import Labels, Tensor

_RANGE = "Labels must be in range [0, 1]; expected probabilities; scale the labels."


def _predicted(evidence: Evidence) -> Tensor:
    return evidence.predictions[PredictionKeys.PREDICTIONS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression(Task):
    """Numbers: the squared error, or the loss of `loss_fn`.

    Attributes:
      label_dimension: The number of values of an example's label.
      inverse_link_fn: A function from the logits to the predictions; None for the logits.
    """

    label_dimension: int = 1
    inverse_link_fn: Callable[[Tensor], Tensor] | None = None

    @property
    def logits_dimension(self) -> int:
        """A logit for each value of a label."""
        return self.label_dimension

    @property
    def loss_dimension(self) -> int:
        """A loss for each value of a label."""
        return self.label_dimension

    @property
    def weights_each_logit(self) -> bool:
        """Each value of a label may have a weight of its own."""
        return True

    @property
    def prediction_keys(self) -> tuple[str, ...]:
        """The names of the predictions, in their order."""
        keys = (PredictionKeys.PREDICTIONS, PredictionKeys.LOGITS)
        return keys if self.inverse_link_fn else keys[:1]

    @property
    def exports(self) -> dict[str, str]:
        """A regression."""
        return {exports.REGRESS: PredictionKeys.PREDICTIONS}

    def processed_labels(self, labels: Labels, logits: Tensor) -> Tensor:
        """Returns the labels as float32, `[D0, D1, ... DN, label_dimension]`."""
        return tf.cast(tensors.dense_labels(labels, logits, self.label_dimension), tf.float32)

    def own_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Returns the squared error, `[D0, D1, ... DN, label_dimension]`."""
        return tf1.losses.mean_squared_error(
            labels=labels, predictions=logits, reduction=tf1.losses.Reduction.NONE
        )

    def predictions(self, logits: Tensor, keys: Sequence[str]) -> dict[str, Tensor]:
        """Returns the predictions that are asked for, by name."""
        link = self.inverse_link_fn
        made = {PredictionKeys.PREDICTIONS: link(logits) if link else logits}
        if link:
            made[PredictionKeys.LOGITS] = logits
        return {key: made[key] for key in keys}

    def metric_rows(self) -> list[Row]:
        """Returns the metrics in their order."""
        return [
            metric_rows.loss_mean(),
            metric_rows.prediction_mean(_predicted),
            Mean(key=MetricKeys.LABEL_MEAN, value=lambda evidence: evidence.labels),
            metric_rows.REGULARIZATION,
        ]


def logistic_loss(labels: Tensor, logits: Tensor) -> Tensor:
    """Returns the cross entropy of the sigmoid, for labels from 0 to 1."""
    labels = tensors.in_range(labels, 2, _RANGE)
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


def poisson_loss(*, full: bool) -> Callable[..., Tensor]:
    """Returns the loss function of a Poisson regression.

    Args:
      full: Whether Stirling's approximation of the logarithm of the label's factorial is added.
    """

    def loss(labels: Tensor, logits: Tensor) -> Tensor:
        return tf.nn.log_poisson_loss(targets=labels, log_input=logits, compute_full_loss=full)

    return loss


class RegressionHead(SingleHead):
    """A head for numbers.

    Args:
      label_dimension: The number of values of an example's label.
      weight_column: The name of the feature that has the examples' weights, or its numeric column;
        None for equal weights.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      loss_fn: A function of `labels`, `logits` and, if it has this argument, `features`, which
        returns the unreduced loss, `[D0, D1, ... DN, label_dimension]`; None for the squared error.
      inverse_link_fn: A function from the logits to the predictions; None for the logits.
      name: The name of the head, which its metrics and summaries end in.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        loss_fn: Callable[..., Tensor] | None = None,
        inverse_link_fn: Callable[[Tensor], Tensor] | None = None,
        name: str | None = None,
    ) -> None:
        arguments.check_label_dimension(label_dimension)
        task = Regression(
            label_dimension=label_dimension, loss_fn=loss_fn, inverse_link_fn=inverse_link_fn
        )
        super().__init__(
            task, weight_column=weight_column, loss_reduction=loss_reduction, name=name
        )


class PoissonRegressionHead(RegressionHead):
    """A head for counts: the loss of a Poisson distribution, whose mean is `exp(logits)`.

    Args:
      label_dimension: The number of values of an example's label.
      weight_column: As for `RegressionHead`.
      loss_reduction: As for `RegressionHead`.
      compute_full_loss: Whether Stirling's approximation of the logarithm of the label's factorial
        is added.
      name: The name of the head.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        compute_full_loss: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(
            label_dimension=label_dimension,
            weight_column=weight_column,
            loss_reduction=loss_reduction,
            loss_fn=poisson_loss(full=compute_full_loss),
            inverse_link_fn=tf.exp,
            name=name,
        )


class LogisticRegressionHead(RegressionHead):
    """A head for labels from 0 to 1: the cross entropy of the sigmoid.

    Args:
      weight_column: As for `RegressionHead`.
      loss_reduction: As for `RegressionHead`.
      name: The name of the head.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        weight_column: Any = None,
        loss_reduction: str = tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = None,
    ) -> None:
        super().__init__(
            label_dimension=1,
            weight_column=weight_column,
            loss_reduction=loss_reduction,
            loss_fn=logistic_loss,
            inverse_link_fn=tf.sigmoid,
            name=name,
        )
