"""The metrics of heads, a row for each kind.

A row makes a metric in two forms. `keras` and `update` are for the heads of TensorFlow 2, which
have objects of Keras 2. `v1` is for the heads of TensorFlow 1, which have pairs of a value and an
update op.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat import private_tensorflow
from estimator_compat.heads.keys import MetricKeys
from estimator_compat.type_aliases import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What metrics are computed from, for one batch.

    Attributes:
      labels: The processed labels, `[D0, D1, ... DN, label_dimension]`.
      predictions: The predictions by name.
      loss: The unreduced loss, `[D0, D1, ... DN, loss_dimension]`.
      weights: The weights of the examples, or 1.0.
      regularization_loss: The sum of the regularization losses, or None.
    """

    labels: Tensor
    predictions: dict[str, Tensor]
    loss: Tensor
    weights: Any
    regularization_loss: Tensor | None = None


Pick = Callable[[Evidence], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A metric.

    Attributes:
      key: Its name in the result of `evaluate()`, without the name of the head.
    """

    key: str

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes the metric of Keras.

        Args:
          made: The metrics of the rows before, by key.
        """
        raise NotImplementedError

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Updates the metric of Keras with a batch."""
        raise NotImplementedError

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns the value and the update op of the metric of TensorFlow 1.

        Args:
          evidence: The batch.
          made: The pairs of the rows before, by key.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Row):
    """The weighted mean of a tensor.

    Attributes:
      value: Returns the tensor.
      like_values: Whether the weights are broadcast to the tensor, which is made float32.
    """

    value: Pick
    like_values: bool = False

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes a `Mean`."""
        del made
        return tf_keras.metrics.Mean(name=self.key)

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Updates the `Mean`."""
        values, weights = self._weighted(evidence)
        metric.update_state(values=values, sample_weight=weights)

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns a pair of `tf.compat.v1.metrics.mean`."""
        del made
        values, weights = self._weighted(evidence)
        pair: tuple[Tensor, Any] = tf1.metrics.mean(values, weights=weights, name=self.key)
        return pair

    def _weighted(self, evidence: Evidence) -> tuple[Tensor, Any]:
        values = self.value(evidence)
        if not self.like_values:
            return values, evidence.weights
        return _float(values, evidence.weights)


def _float(values: Tensor, weights: Any) -> tuple[Tensor, Tensor]:
    """Returns values as float32, and weights of their shape."""
    values = tf.cast(values, tf.float32)
    return values, private_tensorflow.broadcast_weights(weights, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regularization(Row):
    """The mean of the regularization losses of the batches."""

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes a `Mean`."""
        del made
        return tf_keras.metrics.Mean(name=self.key)

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Updates the `Mean`."""
        metric.update_state(values=evidence.regularization_loss)

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns a pair of `tf.compat.v1.metrics.mean`."""
        del made
        pair: tuple[Tensor, Any] = tf1.metrics.mean(evidence.regularization_loss, name=self.key)
        return pair


REGULARIZATION = Regularization(key=MetricKeys.LOSS_REGULARIZATION)


def _threshold_function(name: str) -> Callable[..., tuple[Tensor, Any]]:
    """Returns a function of `tf.compat.v1.metrics` for one threshold."""
    of_thresholds = getattr(tf1.metrics, name)

    def metric(labels: Any, predictions: Any, weights: Any, name: str, threshold: float) -> Any:
        pair = of_thresholds(labels, predictions, (threshold,), weights=weights, name=name)
        return tuple(tf.squeeze(tensor) for tensor in pair)

    return metric


def _accuracy_at(labels: Any, predictions: Any, weights: Any, name: str, threshold: float) -> Any:
    above = tf.cast(predictions >= threshold, tf.float32)
    return tf1.metrics.accuracy(labels, above, weights=weights, name=name)


# The metric of Keras for the predicted class and for a threshold, and the same of TensorFlow 1.
_HITS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    MetricKeys.ACCURACY: (
        tf_keras.metrics.Accuracy,
        lambda name, thresholds: tf_keras.metrics.BinaryAccuracy(name, threshold=thresholds),
        _accuracy_at,
    ),
    MetricKeys.PRECISION: (
        tf_keras.metrics.Precision,
        tf_keras.metrics.Precision,
        _threshold_function("precision_at_thresholds"),
    ),
    MetricKeys.RECALL: (
        tf_keras.metrics.Recall,
        tf_keras.metrics.Recall,
        _threshold_function("recall_at_thresholds"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits(Row):
    """The accuracy, precision or recall of the predicted class, or of a threshold.

    Attributes:
      kind: The key of the metric without the threshold.
      prediction: Returns the class ids, or the probabilities that the threshold divides.
      threshold: The threshold, or None.
    """

    kind: str
    prediction: Pick
    threshold: float | None = None

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes the metric of `tf_keras.metrics`."""
        del made
        of_class, at_threshold, _ = _HITS[self.kind]
        if self.threshold is None:
            return of_class(name=self.key)
        return at_threshold(name=self.key, thresholds=self.threshold)

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Updates the metric."""
        metric.update_state(
            y_true=evidence.labels,
            y_pred=self.prediction(evidence),
            sample_weight=evidence.weights,
        )

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns a pair of `tf.compat.v1.metrics`."""
        del made
        arguments = {
            "labels": evidence.labels,
            "predictions": self.prediction(evidence),
            "weights": evidence.weights,
            "name": self.key,
        }
        if self.threshold is None:
            pair: tuple[Tensor, Any] = getattr(tf1.metrics, self.kind)(**arguments)
            return pair
        return _HITS[self.kind][2](**arguments, threshold=self.threshold)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auc(Row):
    """The area under the ROC or the precision-recall curve.

    Attributes:
      curve: "ROC" or "PR".
      label: Returns the labels.
      prediction: Returns the probabilities.
      like_values: Whether the weights are broadcast to the probabilities.
    """

    curve: str
    label: Pick
    prediction: Pick
    like_values: bool = False

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes an `AUC`."""
        del made
        return tf_keras.metrics.AUC(curve=self.curve, name=self.key)

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Updates the `AUC`."""
        values, weights = self.prediction(evidence), evidence.weights
        if self.like_values:
            values, weights = _float(values, weights)
        metric.update_state(y_true=self.label(evidence), y_pred=values, sample_weight=weights)

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns a pair of `tf.compat.v1.metrics.auc`."""
        del made
        values, weights = _float(self.prediction(evidence), evidence.weights)
        labels = self.label(evidence)
        pair: tuple[Tensor, Any] = tf1.metrics.auc(
            labels, values, weights=weights, curve=self.curve, name=self.key
        )
        return pair


class _LargerShare(tf_keras.metrics.Metric):
    """The share of the more frequent of two classes, from the metric of the labels' mean.

    Args:
      name: The metric's name.
      label_mean: The `Mean` of the labels, which are 0 or 1.
    """

    def __init__(self, name: str, label_mean: Any) -> None:
        super().__init__(name=name)
        self._label_mean = [label_mean]

    def update_state(self) -> None:
        """Does nothing: the labels' mean is updated for both metrics."""

    def result(self) -> Tensor:
        """Returns the share, or 0 without labels."""
        total, count = self._label_mean[0].total, self._label_mean[0].count
        return tf.math.divide_no_nan(tf.maximum(total, count - total), count)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyBaseline(Row):
    """The accuracy of a model that always predicts the more frequent of two classes."""

    def keras(self, made: dict[str, Any]) -> Any:
        """Makes a metric that reads the mean of the labels."""
        return _LargerShare(self.key, made[MetricKeys.LABEL_MEAN])

    def update(self, metric: Any, evidence: Evidence) -> None:
        """Marks the metric of a graph as updated."""
        del evidence
        if not tf.executing_eagerly():
            metric.add_update(tf.no_op())

    def v1(self, evidence: Evidence, made: dict[str, Any]) -> tuple[Tensor, Any]:
        """Returns the larger of the labels' mean and the rest, as a value and an update op."""
        del evidence
        value, update_op = made[MetricKeys.LABEL_MEAN]
        return tf.maximum(value, 1.0 - value), tf.maximum(update_op, 1.0 - update_op)


def loss_mean() -> Mean:
    """The row of `average_loss`."""
    return Mean(key=MetricKeys.LOSS_MEAN, value=lambda evidence: evidence.loss)


def prediction_mean(prediction: Pick, key: str = MetricKeys.PREDICTION_MEAN) -> Mean:
    """The row of the mean of a prediction."""
    return Mean(key=key, value=prediction, like_values=True)


def aucs(
    label: Pick,
    prediction: Pick,
    keys: tuple[str, str] = (MetricKeys.AUC, MetricKeys.AUC_PR),
    *,
    like_values: bool = False,
) -> list[Row]:
    """The rows of the areas under both curves."""
    return [
        Auc(key=key, curve=curve, label=label, prediction=prediction, like_values=like_values)
        for key, curve in zip(keys, ("ROC", "PR"), strict=True)
    ]


def at_thresholds(thresholds: tuple[float, ...], prediction: Pick) -> list[Row]:
    """The rows of accuracy, precision and recall at each threshold."""
    return [
        Hits(
            key=f"{kind}/positive_threshold_{threshold:g}",
            kind=kind,
            prediction=prediction,
            threshold=threshold,
        )
        for threshold in thresholds
        for kind in _HITS
    ]


def of_classes(prediction: Pick, *kinds: str) -> list[Row]:
    """The rows of accuracy, precision or recall of the predicted class."""
    return [Hits(key=kind, kind=kind, prediction=prediction) for kind in kinds]
