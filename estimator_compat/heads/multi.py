"""`MultiHead`: several heads on one model, whose losses are added."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat.heads import head_merging, losses, training_ops
from estimator_compat.heads.base import Head
from estimator_compat.heads.keys import MetricKeys
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Nest, Operation, Tensor, Variable


class MultiHead(Head):
    """A head of several heads.

    Args:
      heads: The heads; each has a name.
      head_weights: A factor for the loss of each head; None for 1.

    Raises:
      ValueError: There are no heads, a head has no name, or there are more or fewer factors.
    """

    def __init__(self, heads: Sequence[Head], head_weights: Sequence[float] | None = None) -> None:
        head_merging.check_heads(heads, head_weights, none_only=True)
        self._heads = tuple(heads)
        self._head_weights = tuple(head_weights or ())

    @property
    def name(self) -> str:
        """The names of the heads."""
        return "_".join(str(head.name) for head in self._heads)

    @property
    def logits_dimension(self) -> Any:
        """The number of logits of an example, for all heads."""
        return sum(head.logits_dimension for head in self._heads)

    @property
    def loss_reduction(self) -> str:
        """The reduction of the training loss of all heads.

        Raises:
          ValueError: The heads have more than one reduction.
        """
        reductions = [head.loss_reduction for head in self._heads]
        if len(set(reductions)) > 1:
            raise ValueError(
                "The loss_reduction must be the same for different heads. Given: "
                f"{reductions}; expected one reduction; pass the same one to each head."
            )
        return reductions[0]

    def _split(self, logits: Nest, labels: Labels = None) -> dict[Any, Tensor]:
        return head_merging.split_logits(self._heads, logits, labels)

    def loss(
        self,
        labels: Labels,
        logits: Nest,
        features: Features = None,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Returns the sum of the heads' losses, with the regularization.

        Args:
          labels: The labels by the name of the head.
          logits: The logits by the name of the head, or the logits of all heads side by side.
          features: The features by name; needed for weights.
          mode: One of `ModeKeys`, or None.
          regularization_losses: Scalars that are added, or None.
        """
        by_head = self._split(logits, labels)
        parts = [
            head.loss(
                logits=by_head[head.name], labels=labels[head.name], features=features, mode=mode
            )
            for head in self._heads
        ]
        merged = head_merging.merged_loss(parts, self._head_weights)
        return losses.plus(merged, losses.total(regularization_losses))

    def predictions(self, logits: Nest, keys: Sequence[str] | None = None) -> dict[Any, Tensor]:
        """Returns the predictions by the name of the head and their own name.

        Args:
          logits: As for `loss`.
          keys: Not used.
        """
        del keys
        by_head = self._split(logits)
        with tf1.name_scope("merge_pred"):
            return {
                (head.name, key): value
                for head in self._heads
                for key, value in head.predictions(logits=by_head[head.name]).items()
            }

    def metrics(self, regularization_losses: Sequence[Tensor] | None = None) -> dict[str, Any]:
        """Makes the metrics of the heads' losses, by name; `update_metrics` adds the heads' own.

        Args:
          regularization_losses: The regularization losses; None for no metric of these.
        """
        keys = [f"{MetricKeys.LOSS}/{head.name}" for head in self._heads]
        if regularization_losses is not None:
            keys.insert(0, self._summary_key(MetricKeys.LOSS_REGULARIZATION))
        return {key: tf_keras.metrics.Mean(name=key) for key in keys}

    def update_metrics(
        self,
        eval_metrics: dict[str, Any],
        features: Features,
        logits: Nest,
        labels: Labels,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> dict[str, Any]:
        """Updates the metrics with a batch, and returns them with those of the heads.

        Args:
          eval_metrics: The result of `metrics`.
          features: The features by name; needed for weights.
          logits: As for `loss`.
          labels: As for `loss`.
          mode: Not used.
          regularization_losses: As for `metrics`.
        """
        del mode
        by_head = self._split(logits, labels)
        if regularization_losses is not None:
            key = self._summary_key(MetricKeys.LOSS_REGULARIZATION)
            eval_metrics[key].update_state(values=losses.total(regularization_losses))
        for head in self._heads:
            given = {"logits": by_head[head.name], "labels": labels[head.name]}
            loss = head.loss(**given, features=features)
            eval_metrics[f"{MetricKeys.LOSS}/{head.name}"].update_state(values=loss)
            updated = head.update_metrics(eval_metrics=head.metrics(), features=features, **given)
            eval_metrics.update(updated or {})
        return eval_metrics

    def create_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Nest,
        labels: Labels = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Variable] | None = None,
        train_op_fn: Callable[[Tensor], Operation] | None = None,
        update_ops: Sequence[Operation] | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> EstimatorSpec:
        """Returns the `EstimatorSpec` of a mode; the arguments are those of `Head`."""
        with tf1.name_scope(self.name):
            by_head = self._split(logits, labels)
            specs = [
                head.create_estimator_spec(
                    features=features,
                    mode=mode,
                    logits=by_head[head.name],
                    labels=labels[head.name] if labels else None,
                    train_op_fn=lambda _: tf.no_op(),
                )
                for head in self._heads
                if mode != ModeKeys.EVAL
            ]
            predictions = self.predictions(logits)
            if mode == ModeKeys.PREDICT:
                export_outputs = head_merging.export_outputs(self._heads, specs)
                return EstimatorSpec(mode, predictions=predictions, export_outputs=export_outputs)
            head_merging.check_mode(mode)
            loss = self.loss(labels, logits, features, mode, regularization_losses)
            if mode == ModeKeys.EVAL:
                metrics = self.update_metrics(
                    eval_metrics=self.metrics(regularization_losses),
                    features=features,
                    logits=logits,
                    labels=labels,
                    regularization_losses=regularization_losses,
                )
                return EstimatorSpec(
                    mode, predictions=predictions, loss=loss, eval_metric_ops=metrics
                )
            train_op = training_ops.train_op(
                loss,
                self.loss_reduction,
                optimizer=optimizer,
                train_op_fn=train_op_fn,
                trainable_variables=trainable_variables,
                update_ops=update_ops,
            )
            training_ops.write_summaries(
                lambda key: key, loss, regularization_loss=losses.total(regularization_losses)
            )
            return EstimatorSpec(mode, loss=loss, train_op=train_op, predictions=predictions)
