"""`SingleHead`: what all heads of TensorFlow 2 share, apart from `MultiHead`."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, losses, tensors, training_ops
from estimator_compat.heads.base import Head
from estimator_compat.heads.metric_rows import REGULARIZATION, Evidence, Row
from estimator_compat.heads.tasks import Task
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.tpu.spec import TPUEstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Operation, Tensor, Variable


class SingleHead(Head):
    """A head that is made of a task.

    Args:
      task: What is special about the head.
      weight_column: The name of the feature that has the examples' weights, or its numeric column;
        None for equal weights.
      loss_reduction: The reduction of the training loss.
      name: The name of the head, or None.

    Raises:
      ValueError: `loss_reduction` is not a reduction of Keras 2, or it is NONE.
    """

    def __init__(
        self, task: Task, *, weight_column: Any, loss_reduction: str, name: str | None
    ) -> None:
        arguments.check_reduction(loss_reduction, arguments.REDUCTIONS_V2)
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

    @property
    def loss_reduction(self) -> str:
        """The reduction of the training loss."""
        return self._loss_reduction

    def _processed_labels(self, logits: Tensor, labels: Labels) -> Tensor:
        return self._task.processed_labels(labels, logits)

    def _unweighted_loss_and_weights(
        self, logits: Tensor, labels: Tensor, features: Features
    ) -> tuple[Tensor, Any]:
        features = features or {}
        loss = self._task.unreduced_loss(labels, logits, features)
        per_logit = self._task.weights_each_logit
        weights = tensors.weights(features, self._weight_column, logits, per_logit=per_logit)
        return loss, weights

    def loss(
        self,
        labels: Labels,
        logits: Tensor,
        features: Features = None,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Returns the training loss with the regularization, a scalar.

        Args:
          labels: The labels.
          logits: `[D0, D1, ... DN, logits_dimension]`.
          features: The features by name; needed for weights.
          mode: Not used.
          regularization_losses: Scalars that are added, or None.
        """
        del mode
        with tf1.name_scope("losses"):
            logits = tensors.checked_logits(logits, self.logits_dimension)
            labels = self._processed_labels(logits, labels)
            loss, weights = self._unweighted_loss_and_weights(logits, labels, features)
            training_loss = losses.reduced(loss, weights, self._loss_reduction)
            return losses.plus(training_loss, losses.total(regularization_losses))

    def predictions(self, logits: Tensor, keys: Sequence[str] | None = None) -> dict[Any, Tensor]:
        """Returns the predictions by name.

        Args:
          logits: `[D0, D1, ... DN, logits_dimension]`.
          keys: The names of the predictions; None for all.
        """
        known = self._task.prediction_keys
        arguments.check_prediction_keys(keys or (), known)
        logits = tensors.checked_logits(logits, self.logits_dimension)
        with tf1.name_scope("predictions"):
            made = self._task.predictions(logits, keys or known)
            return {key: made[key] for key in known if key in (keys or known)}

    def _rows(self, regularization_losses: Any) -> list[Row]:
        rows = self._task.metric_rows()
        if regularization_losses is None:
            rows.remove(REGULARIZATION)
        return rows

    def metrics(self, regularization_losses: Sequence[Tensor] | None = None) -> dict[str, Any]:
        """Makes the metrics of Keras 2, by name.

        Args:
          regularization_losses: The regularization losses; None for no metric of these.
        """
        made: dict[str, Any] = {}
        with tf1.name_scope("metrics"):
            for row in self._rows(regularization_losses):
                made[row.key] = row.keras(made)
        return {self._summary_key(key): metric for key, metric in made.items()}

    def update_metrics(
        self,
        eval_metrics: dict[str, Any],
        features: Features,
        logits: Tensor,
        labels: Labels,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> dict[str, Any]:
        """Updates the metrics with a batch, and returns them.

        Args:
          eval_metrics: The result of `metrics`.
          features: The features by name; needed for weights.
          logits: `[D0, D1, ... DN, logits_dimension]`.
          labels: The labels.
          mode: Not used.
          regularization_losses: As for `metrics`.
        """
        del mode
        predictions = self.predictions(logits)
        logits = tensors.checked_logits(logits, self.logits_dimension)
        labels = self._processed_labels(logits, labels)
        loss, weights = self._unweighted_loss_and_weights(logits, labels, features)
        evidence = Evidence(
            labels=labels,
            predictions=predictions,
            loss=loss,
            weights=weights,
            regularization_loss=losses.total(regularization_losses),
        )
        for row in self._rows(regularization_losses):
            row.update(eval_metrics[self._summary_key(row.key)], evidence)
        return eval_metrics

    def _create_tpu_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Tensor,
        labels: Labels = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Variable] | None = None,
        train_op_fn: Callable[[Tensor], Operation] | None = None,
        update_ops: Sequence[Operation] | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> TPUEstimatorSpec:
        with tf1.name_scope(self._name, "head"):
            predictions = self.predictions(logits)
            if mode == ModeKeys.PREDICT:
                export_outputs = self._task.export_outputs(predictions)
                return TPUEstimatorSpec(
                    mode, predictions=predictions, export_outputs=export_outputs
                )
            loss = self.loss(labels, logits, features, mode, regularization_losses)
            if mode == ModeKeys.EVAL:
                eval_metrics = self._eval_metrics(features, logits, labels, regularization_losses)
                return TPUEstimatorSpec(
                    mode, predictions=predictions, loss=loss, eval_metrics=eval_metrics
                )
            train_op = training_ops.train_op(
                loss,
                self.loss_reduction,
                optimizer=optimizer,
                train_op_fn=train_op_fn,
                trainable_variables=trainable_variables,
                update_ops=update_ops,
            )
        regularization_loss = losses.total(regularization_losses)
        training_ops.write_summaries(
            self._summary_key, loss, regularization_loss=regularization_loss
        )
        return TPUEstimatorSpec(mode, predictions=predictions, loss=loss, train_op=train_op)

    def _eval_metrics(
        self, features: Features, logits: Tensor, labels: Labels, regularization_losses: Any
    ) -> tuple[Callable[..., Any], dict[str, Any]]:
        """Returns the function that updates the metrics, and its tensors, as a TPU wants them."""
        eval_metrics = self.metrics(regularization_losses)

        def update(logits: Tensor, labels: Labels) -> dict[str, Any]:
            return self.update_metrics(
                eval_metrics=eval_metrics,
                features=features,
                logits=logits,
                labels=labels,
                regularization_losses=regularization_losses,
            )

        return update, {"logits": logits, "labels": labels}
