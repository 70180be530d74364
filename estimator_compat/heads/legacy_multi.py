"""`multi_head` of `tf.contrib.estimator`: several heads of TensorFlow 1 on one model."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import head_merging, training_ops
from estimator_compat.heads.keys import MetricKeys
from estimator_compat.heads.legacy_base import Head, LossSpec
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Nest, Tensor


def multi_head(heads: Sequence[Head], head_weights: Sequence[float] | None = None) -> Head:
    """Returns a head of several heads of TensorFlow 1.

    Args:
      heads: The heads; each has a name.
      head_weights: A factor for the loss of each head; None for 1.

    Raises:
      ValueError: There are no heads, a head has no name, or there are more or fewer factors.
    """
    head_merging.check_heads(heads, head_weights, none_only=False)
    return LegacyMultiHead(tuple(heads), tuple(head_weights or ()))


class LegacyMultiHead(Head):
    """A head of several heads of TensorFlow 1.

    Args:
      heads: The heads.
      head_weights: A factor for the loss of each head; () for 1.
    """

    def __init__(self, heads: tuple[Head, ...], head_weights: tuple[float, ...]) -> None:
        self._heads = heads
        self._head_weights = head_weights

    @property
    def name(self) -> str:
        """The names of the heads."""
        return "_".join(head.name for head in self._heads)

    @property
    def logits_dimension(self) -> int:
        """The number of logits of an example, for all heads."""
        return sum(head.logits_dimension for head in self._heads)

    def create_loss(self, features: Features, mode: str, logits: Nest, labels: Labels) -> LossSpec:
        """Returns the sum of the heads' losses, and its parts by the name of the head.

        Args:
          features: The features by name; needed for weights.
          mode: One of `ModeKeys`.
          logits: The logits by the name of the head, or the logits of all heads side by side.
          labels: The labels by the name of the head.
        """
        by_head = head_merging.split_logits(self._heads, logits, None)
        names = [head.name for head in self._heads]
        parts = [
            head.create_loss(features, mode, by_head[head.name], labels[head.name])
            for head in self._heads
        ]
        factors = self._head_weights or None
        return LossSpec(
            head_merging.merged_loss([part.training_loss for part in parts], self._head_weights),
            dict(zip(names, _times(factors, [part.unreduced_loss for part in parts]), strict=True)),
            dict(zip(names, _times(factors, [part.weights for part in parts]), strict=True)),
            dict(zip(names, [part.processed_labels for part in parts], strict=True)),
        )

    def create_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Nest,
        labels: Labels = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Tensor], Any] | None = None,
        regularization_losses: Any = None,
    ) -> EstimatorSpec:
        """Returns the `EstimatorSpec` of a mode; `regularization_losses` are not used."""
        del regularization_losses
        by_head = head_merging.split_logits(self._heads, logits, labels)
        head_merging.check_mode(mode)
        specs = [
            head.create_estimator_spec(
                features=features,
                mode=mode,
                logits=by_head[head.name],
                labels=labels[head.name] if labels else None,
                train_op_fn=lambda _: tf.no_op(),
            )
            for head in self._heads
        ]
        predictions = {
            (head.name, key): value
            for head, spec in zip(self._heads, specs, strict=True)
            for key, value in spec.predictions.items()
        }
        if mode == ModeKeys.PREDICT:
            export_outputs = head_merging.export_outputs(self._heads, specs)
            return EstimatorSpec(mode, predictions=predictions, export_outputs=export_outputs)
        if mode == ModeKeys.EVAL:
            return self._evaluation(specs, predictions)
        loss = head_merging.merged_loss([spec.loss for spec in specs], self._head_weights)
        training_ops.check_choice(optimizer, train_op_fn)
        train_op = (
            train_op_fn(loss)
            if train_op_fn
            else optimizer.minimize(loss, global_step=tf1.train.get_global_step())
        )
        training_ops.write_summaries(lambda key: key, loss, regularization_loss=None)
        return EstimatorSpec(mode, predictions=predictions, loss=loss, train_op=train_op)

    def _evaluation(
        self, specs: list[EstimatorSpec], predictions: dict[Any, Tensor]
    ) -> EstimatorSpec:
        metrics: dict[str, Any] = {}
        with tf1.name_scope("merge_eval"):
            for head, spec in zip(self._heads, specs, strict=True):
                key = f"{MetricKeys.LOSS}/{head.name}"
                metrics[key] = tf1.metrics.mean(spec.loss, name=key)
                metrics |= spec.eval_metric_ops
            loss = head_merging.merged_loss([spec.loss for spec in specs], self._head_weights)
        return EstimatorSpec(
            ModeKeys.EVAL, predictions=predictions, loss=loss, eval_metric_ops=metrics
        )


def _times(factors: Sequence[float] | None, values: list[Any]) -> list[Any]:
    if factors is None:
        return values
    return [tf.multiply(value, factor) for value, factor in zip(values, factors, strict=True)]
