"""`tf.metrics` and the Keras metrics that give the same numbers."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A function of `tf.metrics`.

    Attributes:
      parameters: The parameters in order.
      make: The Keras metric, with `{parameter}` for arguments that it takes.
      update: What `update_state` takes, with `{parameter}` for the arguments.
      defaults: The defaults of the parameters of `make`, as source.
    """

    parameters: tuple[str, ...]
    make: str
    update: tuple[str, ...] = ("{labels}", "{predictions}")
    defaults: tuple[tuple[str, str], ...] = ()


_TWO = ("labels", "predictions", "weights")
ROWS = {
    "tf.metrics.mean": MetricRow(
        parameters=("values", "weights"), make="keras.metrics.Mean()", update=("{values}",)
    ),
    "tf.metrics.accuracy": MetricRow(parameters=_TWO, make="keras.metrics.Accuracy()"),
    "tf.metrics.precision": MetricRow(parameters=_TWO, make="keras.metrics.Precision()"),
    "tf.metrics.recall": MetricRow(parameters=_TWO, make="keras.metrics.Recall()"),
    "tf.metrics.root_mean_squared_error": MetricRow(
        parameters=_TWO, make="keras.metrics.RootMeanSquaredError()"
    ),
    "tf.metrics.mean_squared_error": MetricRow(
        parameters=_TWO,
        make="keras.metrics.Mean()",
        update=("tf.math.squared_difference({predictions}, {labels})",),
    ),
    "tf.metrics.mean_absolute_error": MetricRow(
        parameters=_TWO,
        make="keras.metrics.Mean()",
        update=("tf.abs({predictions} - {labels})",),
    ),
    "tf.metrics.auc": MetricRow(
        parameters=("labels", "predictions", "weights", "num_thresholds"),
        make="keras.metrics.AUC(num_thresholds={num_thresholds})",
        defaults=(("num_thresholds", "200"),),
    ),
}
