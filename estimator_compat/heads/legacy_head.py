"""`LegacyHead`: what all heads of TensorFlow 1 share, apart from `multi_head`."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, losses, tensors, training_ops
from estimator_compat.heads.legacy_base import Head, LossSpec
from estimator_compat.heads.metric_rows import REGULARIZATION, Evidence
from estimator_compat.heads.tasks import Task
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.tpu.spec import TPUEstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Tensor

REDUCTIONS_V1 = tuple(name for name in tf1.losses.Reduction.all() if name != "none")


class LegacyHead(Head):
    """A head of TensorFlow 1 that is made of a task.

    It differs from the heads of TensorFlow 2 in the reductions, in metrics that are ops, in the
    optimizers, and in a summary of `average_loss` where the reduction is SUM.

    Args:
      task: What is special about the head.
      weight_column: The name of the feature that has the examples' weights, or a dense feature
        column; None for equal weights.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      name: The name of the head, or None.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self, task: Task, *, weight_column: Any, loss_reduction: str, name: str | None
    ) -> None:
        arguments.check_reduction(loss_reduction, REDUCTIONS_V1)
        arguments.check_loss_fn(task.loss_fn)
        self._task = task
        self._weight_column = weight_column
        self._loss_reduction = loss_reduction
        self._name = name

    @property
    def name(self) -> str | None:
        """The name of the head, or None."""
        return self._name

    @property
    def task(self) -> Task:
        """What is special about the head."""
        return self._task

    @property
    def weight_column(self) -> Any:
        """The name of the feature that has the examples' weights, its column, or None."""
        return self._weight_column

    @property
    def logits_dimension(self) -> Any:
        """The number of logits of an example."""
        return self._task.logits_dimension

    def _key(self, key: str) -> str:
        return f"{key}/{self._name}" if self._name else key

    def create_loss(
        self, features: Features, mode: str, logits: Tensor, labels: Labels
    ) -> LossSpec:
        """Returns the training loss without the regularization, and its parts.

        Args:
          features: The features by name; needed for weights.
          mode: Not used.
          logits: `[D0, D1, ... DN, logits_dimension]`.
          labels: The labels.
        """
        del mode
        logits = tf.convert_to_tensor(logits)
        labels = self._task.processed_labels(labels, logits)
        unreduced = self._task.unreduced_loss(labels, logits, features)
        weights = tensors.weights(
            features,
            self._weight_column,
            logits,
            per_logit=self._task.weights_each_logit,
            dense=True,
        )
        training_loss = losses.reduced_as_v1(unreduced, weights, self._loss_reduction)
        return LossSpec(training_loss, unreduced, weights, labels)

    def _create_tpu_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Tensor,
        labels: Labels = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Tensor], Any] | None = None,
        regularization_losses: Any = None,
    ) -> TPUEstimatorSpec:
        with tf1.name_scope(self._name, "head"):
            logits = tensors.checked_logits(logits, self.logits_dimension)
            with tf1.name_scope(None, "predictions", [logits]):
                predictions = self._task.predictions(logits, self._task.prediction_keys)
            if mode == ModeKeys.PREDICT:
                export_outputs = self._task.export_outputs(predictions)
                return TPUEstimatorSpec(
                    mode, predictions=predictions, export_outputs=export_outputs
                )
            parts = self.create_loss(features, mode, logits, labels)
            regularization_loss = losses.total(regularization_losses or None)
            loss = losses.plus(parts.training_loss, regularization_loss)
            if mode == ModeKeys.EVAL:
                eval_metrics = self._eval_metrics(parts, predictions, regularization_loss)
                return TPUEstimatorSpec(
                    mode, predictions=predictions, loss=loss, eval_metrics=eval_metrics
                )
            train_op = training_ops.train_op_as_v1(loss, optimizer, train_op_fn)
            average_loss = self._average_loss(parts)
        training_ops.write_summaries(
            self._key, loss, regularization_loss=regularization_loss, average_loss=average_loss
        )
        return TPUEstimatorSpec(mode, predictions=predictions, loss=loss, train_op=train_op)

    def _average_loss(self, parts: LossSpec) -> Tensor | None:
        """Returns the weighted mean of the unreduced loss, where the loss is its weighted sum."""
        if self._loss_reduction != tf1.losses.Reduction.SUM:
            return None
        weights = tf.reduce_sum(parts.weights * tf.ones_like(parts.unreduced_loss))
        return parts.training_loss / weights

    def _eval_metrics(
        self, parts: LossSpec, predictions: dict[str, Tensor], regularization_loss: Tensor | None
    ) -> tuple[Callable[..., Any], dict[str, Any]]:
        """Returns the function that makes the metrics, and its tensors, as a TPU wants them."""
        given = {
            "labels": parts.processed_labels,
            "loss": parts.unreduced_loss,
            "weights": parts.weights,
            "regularization_loss": regularization_loss,
            **{f"prediction_{key}": value for key, value in predictions.items()},
        }
        fixed = {key: value for key, value in given.items() if not tf.is_tensor(value)}

        def make(**tensors_: Tensor) -> dict[str, Any]:
            values = {**fixed, **tensors_}
            named = {key: values.pop(f"prediction_{key}") for key in predictions}
            return self._metrics(Evidence(predictions=named, **values))

        return make, {key: value for key, value in given.items() if key not in fixed}

    def _metrics(self, evidence: Evidence) -> dict[str, Any]:
        made: dict[str, Any] = {}
        with tf1.name_scope(None, "metrics"):
            for row in self._task.metric_rows():
                if row != REGULARIZATION or evidence.regularization_loss is not None:
                    made[row.key] = row.v1(evidence, made)
        return {self._key(key): pair for key, pair in made.items()}
