"""`tf.metrics` and the Keras metrics that give the same numbers.

`tests/migrate/mappings/test_metrics.py` runs both sides. AUC is not the same without a positive
label: 1 in TensorFlow 1, and 0 in Keras.
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A function of `tf.metrics`.

    Attributes:
      parameters: The parameters in order.
      make: The Keras metric, with `{parameter}` for arguments that it takes.
      update: What `update_state` takes, with `{parameter}` for the arguments.
      defaults: The defaults of the parameters that `make` and `update` use, as source.
      values: Parameters that must have these values, because others are not translated.
      definition: A class that the module defines, if Keras has no such metric.
      one_label: Whether each example must have one label, as `[batch]` or `[batch, 1]`.
      is_vector: Whether the result has several numbers.
    """

    parameters: tuple[str, ...]
    make: str
    update: tuple[str, ...] = ("{labels}", "{predictions}")
    defaults: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    definition: str = ""
    one_label: bool = False
    is_vector: bool = False


_MEAN_PER_CLASS_ACCURACY = '''\
class MeanPerClassAccuracy(keras.metrics.Metric):
    """`tf.metrics.mean_per_class_accuracy`: a class that does not occur counts as 0."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.correct = self.add_weight(shape=[num_classes], initializer="zeros", name="correct")
        self.count = self.add_weight(shape=[num_classes], initializer="zeros", name="count")

    def update_state(self, labels: Any, predictions: Any, sample_weight: Any = None) -> None:
        labels, predictions = tf.reshape(labels, [-1]), tf.reshape(predictions, [-1])
        weights = tf.ones_like(labels, tf.float32)
        if sample_weight is not None:
            weights = tf.reshape(tf.cast(sample_weight, tf.float32), [-1])
        predictions = tf.cast(predictions, labels.dtype)
        correct = weights * tf.cast(labels == predictions, tf.float32)
        self.correct.assign_add(tf.math.unsorted_segment_sum(correct, labels, self.num_classes))
        self.count.assign_add(tf.math.unsorted_segment_sum(weights, labels, self.num_classes))

    def result(self) -> tf.Tensor:
        correct, count = tf.convert_to_tensor(self.correct), tf.convert_to_tensor(self.count)
        return tf.reduce_mean(tf.math.divide_no_nan(correct, count))
'''

_PRECISION_RECALL_AREA = '''\
class PrecisionRecallArea(keras.metrics.Metric):
    """`tf.metrics.auc(curve="PR")`: trapezoids between thresholds, unlike the AUC of Keras."""

    def __init__(self, num_thresholds: int = 200) -> None:
        super().__init__()
        inner = [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]
        self.thresholds = tf.constant([-1e-7, *inner, 1.0 + 1e-7])
        shape = [num_thresholds]
        self.true = self.add_weight(shape=shape, initializer="zeros", name="true")
        self.false = self.add_weight(shape=shape, initializer="zeros", name="false")
        self.missed = self.add_weight(shape=shape, initializer="zeros", name="missed")

    def update_state(self, labels: Any, predictions: Any, sample_weight: Any = None) -> None:
        labels = tf.cast(tf.reshape(tf.cast(labels, tf.bool), [-1]), tf.float32)
        weights = tf.ones_like(labels)
        if sample_weight is not None:
            weights = tf.reshape(tf.cast(sample_weight, tf.float32), [-1])
        scores = tf.reshape(tf.cast(predictions, tf.float32), [-1])
        above = tf.cast(scores > self.thresholds[:, tf.newaxis], tf.float32)
        self.true.assign_add(tf.reduce_sum(above * labels * weights, axis=1))
        self.false.assign_add(tf.reduce_sum(above * (1.0 - labels) * weights, axis=1))
        self.missed.assign_add(tf.reduce_sum((1.0 - above) * labels * weights, axis=1))

    def result(self) -> tf.Tensor:
        true, false, missed = map(tf.convert_to_tensor, (self.true, self.false, self.missed))
        precision = (true + 1e-6) / (true + false + 1e-6)
        recall = (true + 1e-6) / (true + missed + 1e-6)
        heights = (precision[:-1] + precision[1:]) / 2.0
        return tf.reduce_sum((recall[:-1] - recall[1:]) * heights)
'''

_TWO = ("labels", "predictions", "weights", "metrics_collections", "updates_collections", "name")
_MEAN = "keras.metrics.Mean()"
# TensorFlow 1 cast them to bool; Keras asks whether they are greater than 0.5.
_BOOLS = ("tf.cast({labels}, tf.bool)", "tf.cast(tf.cast({predictions}, tf.bool), tf.float32)")
_AT_THRESHOLDS = ("labels", "predictions", "thresholds", "weights")


# Whether the label is among the largest predictions.
_AMONG = (
    "tf.cast(tf.reduce_any(tf.math.top_k({predictions}, {k}).indices == "
    "tf.cast(tf.reshape({labels}, [-1, 1]), tf.int32), axis=1), tf.float32)"
)
_AT_K = ("labels", "predictions", "k", "class_id", "weights")
_AUC = (
    "labels", "predictions", "weights", "num_thresholds", "metrics_collections",
    "updates_collections", "curve", "name", "summation_method",
)  # fmt: skip


def _mean(value: str) -> MetricRow:
    return MetricRow(parameters=_TWO, make=_MEAN, update=(value,))


def _of_bools(name: str) -> MetricRow:
    return MetricRow(parameters=_TWO, make=f"keras.metrics.{name}()", update=_BOOLS)


ROWS = {
    "tf.metrics.mean": MetricRow(
        parameters=("values", "weights"), make=_MEAN, update=("{values}",)
    ),
    "tf.metrics.accuracy": MetricRow(parameters=_TWO, make="keras.metrics.Accuracy()"),
    "tf.metrics.precision": _of_bools("Precision"),
    "tf.metrics.recall": _of_bools("Recall"),
    "tf.metrics.true_positives": _of_bools("TruePositives"),
    "tf.metrics.true_negatives": _of_bools("TrueNegatives"),
    "tf.metrics.false_positives": _of_bools("FalsePositives"),
    "tf.metrics.false_negatives": _of_bools("FalseNegatives"),
    "tf.metrics.root_mean_squared_error": MetricRow(
        parameters=_TWO, make="keras.metrics.RootMeanSquaredError()"
    ),
    "tf.metrics.mean_squared_error": _mean("tf.math.squared_difference({predictions}, {labels})"),
    "tf.metrics.mean_absolute_error": _mean("tf.abs({predictions} - {labels})"),
    "tf.metrics.mean_relative_error": MetricRow(
        parameters=("labels", "predictions", "normalizer", "weights"),
        make=_MEAN,
        update=("tf.math.divide_no_nan(tf.abs({labels} - {predictions}), {normalizer})",),
    ),
    "tf.metrics.percentage_below": MetricRow(
        parameters=("values", "threshold", "weights"),
        make=_MEAN,
        update=("tf.cast({values} < {threshold}, tf.float32)",),
    ),
    "tf.metrics.mean_per_class_accuracy": MetricRow(
        parameters=("labels", "predictions", "num_classes", "weights"),
        make="MeanPerClassAccuracy({num_classes})",
        definition=_MEAN_PER_CLASS_ACCURACY,
    ),
    "tf.metrics.mean_iou": MetricRow(
        parameters=("labels", "predictions", "num_classes", "weights"),
        make="keras.metrics.MeanIoU({num_classes})",
    ),
    "tf.metrics.auc": MetricRow(
        parameters=_AUC,
        make="keras.metrics.AUC(num_thresholds={num_thresholds})",
        defaults=(("num_thresholds", "200"),),
        values=(("curve", "ROC"), ("summation_method", "trapezoidal")),
    ),
    "tf.metrics.mean_cosine_distance": MetricRow(
        parameters=("labels", "predictions", "dim", "weights"),
        make=_MEAN,
        update=("1.0 - tf.reduce_sum({predictions} * {labels}, axis={dim}, keepdims=True)",),
    ),
    "tf.metrics.recall_at_k": MetricRow(
        parameters=_AT_K,
        make=_MEAN,
        update=(_AMONG,),
        values=(("class_id", None),),
        one_label=True,
    ),
    "tf.metrics.precision_at_k": MetricRow(
        parameters=_AT_K,
        make=_MEAN,
        update=(f"{_AMONG} / {{k}}",),
        values=(("class_id", None),),
        one_label=True,
    ),
    "tf.metrics.precision_at_thresholds": MetricRow(
        parameters=_AT_THRESHOLDS,
        make="keras.metrics.Precision(thresholds={thresholds})",
        is_vector=True,
    ),
    "tf.metrics.recall_at_thresholds": MetricRow(
        parameters=_AT_THRESHOLDS,
        make="keras.metrics.Recall(thresholds={thresholds})",
        is_vector=True,
    ),
}  # fmt: skip
# By the function, the curve and the method: areas that are added up otherwise.
AREAS = {
    ("tf.metrics.auc", "PR", "trapezoidal"): MetricRow(
        parameters=_AUC,
        make="PrecisionRecallArea({num_thresholds})",
        defaults=(("num_thresholds", "200"),),
        values=(("curve", "PR"), ("summation_method", "trapezoidal")),
        definition=_PRECISION_RECALL_AREA,
    ),
    ("tf.metrics.auc", "PR", "careful_interpolation"): MetricRow(
        parameters=_AUC,
        make='keras.metrics.AUC({num_thresholds}, curve="PR")',
        defaults=(("num_thresholds", "200"),),
        values=(("curve", "PR"), ("summation_method", "careful_interpolation")),
    ),
    ("tf.metrics.auc", "ROC", "careful_interpolation"): MetricRow(
        parameters=_AUC,
        make="keras.metrics.AUC({num_thresholds})",
        defaults=(("num_thresholds", "200"),),
        values=(("curve", "ROC"), ("summation_method", "careful_interpolation")),
    ),
}
# Those of Keras take the mean of each example before they count the examples; TensorFlow 1 counts
# the elements. It is the same number if all examples have as many elements.
OF_EXAMPLES = (
    _MEAN, "keras.metrics.Accuracy()", "keras.metrics.RootMeanSquaredError()",
)  # fmt: skip
# Arguments that change nothing in TF2.
DROPPED = ("metrics_collections", "updates_collections", "name")
