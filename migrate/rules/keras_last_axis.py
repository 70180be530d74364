"""The rule on sums of Keras losses, which are means over the last axis."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, LossReader
from migrate.scanning.syntax import SourceModule, api_name, argument

_FUNCTIONS = frozenset(
    f"keras.losses.{name}"
    for name in (
        *("MAE", "MSE", "mae", "mse", "binary_crossentropy", "hinge", "huber", "log_cosh"),
        *("mean_absolute_error", "mean_squared_error", "squared_hinge"),
    )
)
_CLASSES = frozenset(
    f"keras.losses.{name}"
    for name in (
        *("BinaryCrossentropy", "Hinge", "Huber", "LogCosh", "MeanAbsoluteError"),
        *("MeanSquaredError", "SquaredHinge"),
    )
)


class KerasLastAxis(Rule):
    """A sum of Keras losses that are means over the last axis.

    Finds:
      `tf.reduce_sum` of a loss function of Keras such as `mean_squared_error`, and a loss class of
      Keras such as `MeanSquaredError` with a reduction of SUM.

    Why it matters:
      These losses are first averaged over the last axis. For labels of shape [batch, C], SUM is C
      times smaller than that of `tf.losses`, which adds all elements up. For C = 1 the two are the
      same.

    Rewrite safety:
      There is no edit: the program is right as it is, unless it was translated by name.

    References:
      `tf.keras.losses.mean_squared_error`: "mean(square(y_true - y_pred), axis=-1)".
    """

    code = "LOSS313"
    severity = Severity.INFO
    effort = 5
    effort_reason = "To look at the shape of the labels."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.reduce_sum(tf.keras.losses.mean_squared_error(y, x))\n"
                "other = tf.keras.losses.MeanSquaredError(reduction='sum')\n"
            ),
            lines=(3, 4),
            because="C times smaller",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.reduce_mean(tf.keras.losses.mean_squared_error(y, x))\n"
                "other = tf.keras.losses.MeanSquaredError()\n"
            ),
        ),
    )
    words = tuple(each.rpartition(".")[2] for each in _FUNCTIONS | _CLASSES)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the sums."""
        reader = LossReader(module)
        for call, name in module.calls:
            inner = module.value_of(call.args[0]) if name == "reduce_sum" and call.args else None
            function = api_name(module.symbol(getattr(inner, "func", call.func)))
            reduction = argument(call, "reduction") if name in _CLASSES else None
            is_sum = reduction is not None and reader.reduction_name(reduction) == "sum"
            if is_sum or (inner is not None and function in _FUNCTIONS):
                message = (
                    f"`tf.{name if is_sum else function}` is a mean over the last axis: for labels "
                    "of shape [batch, C], its sum is C times smaller than SUM of `tf.losses`."
                )
                yield self.finding(module, call, message)
