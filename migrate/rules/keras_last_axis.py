"""The rule on sums of Keras losses, which are means over the last axis."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_class, is_keras_function, reduction_argument
from migrate.scanning.loss_values import LOSSES, LossReader, reduces_partly
from migrate.scanning.syntax import SourceModule, api_name

_FUNCTIONS = frozenset(
    {
        *("MAE", "MSE", "mae", "mse", "binary_crossentropy", "hinge", "huber", "log_cosh"),
        *("mean_absolute_error", "mean_squared_error", "squared_hinge"),
    }
)
_CLASSES = frozenset(
    {
        *("BinaryCrossentropy", "Hinge", "Huber", "LogCosh", "MeanAbsoluteError"),
        *("MeanSquaredError", "SquaredHinge"),
    }
)


class KerasLastAxis(Rule):
    """A sum of Keras losses that are means over the last axis.

    Finds:
      `tf.reduce_sum`, over all axes, of a loss function of Keras such as `mean_squared_error`, and
      a loss class of Keras such as `MeanSquaredError` with a reduction of SUM.

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
                "rows = tf.reduce_sum(tf.keras.losses.binary_crossentropy(y, x), axis=(1, 2))\n"
                "other = tf.keras.losses.MeanSquaredError()\n"
            ),
        ),
    )
    words = tuple(_FUNCTIONS | _CLASSES)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the sums."""
        reader = LossReader(module)
        for call, name in module.calls:
            summed = _summed_function(call, name, module) or _summing_class(call, name, reader)
            if summed:
                message = (
                    f"`tf.{summed}` is a mean over the last axis: for labels of shape [batch, C], "
                    "its sum is C times smaller than SUM of `tf.losses`."
                )
                yield self.finding(module, call, message)


def _summed_function(call: ast.Call, name: str, module: SourceModule) -> str:
    """Returns the function of Keras whose losses `tf.reduce_sum` adds up; "" for other calls."""
    if name != "reduce_sum" or not call.args or reduces_partly(call):
        return ""
    inner = module.value_of(call.args[0])
    function = api_name(module.symbol(inner.func)) if isinstance(inner, ast.Call) else ""
    is_found = is_keras_function(function) and function.rpartition(".")[2] in _FUNCTIONS
    return function if is_found else ""


def _summing_class(call: ast.Call, name: str, reader: LossReader) -> str:
    """Returns the class of Keras losses that a call makes with SUM; "" for other calls."""
    if not is_keras_class(name) or name.rpartition(".")[2] not in _CLASSES:
        return ""
    reduction = reduction_argument(call, name)
    is_sum = reduction is not None and reader.reduction_name(reduction) == "sum"
    return name if is_sum else ""
