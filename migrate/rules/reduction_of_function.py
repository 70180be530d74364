"""The rule on `reduction=` for functions that have no reduction."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_function
from migrate.scanning.loss_values import LOSSES, LOSSES_OF_ELEMENTS
from migrate.scanning.syntax import SourceModule

_PAIRWISE = "losses.mean_pairwise_squared_error"


class ReductionOfFunction(Rule):
    """A `reduction=` for a function that has none.

    Finds:
      `reduction=` for the functions of `tf.keras.losses`, the cross entropies of `tf.nn`, and
      `tf.losses.mean_pairwise_squared_error`.

    Why it matters:
      It is a TypeError. The functions of `tf.keras.losses` and of `tf.nn` return the losses of the
      examples; only the classes of `tf.keras.losses` and the functions of `tf.compat.v1.losses`
      reduce them.

    Rewrite safety:
      There is no edit: the reduction has to be written out.

    References:
      `tf.keras.losses`, `tf.nn`.
    """

    code = "LOSS309"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To write the reduction out, as `tf.reduce_mean` or `tf.reduce_sum`."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.keras.losses.binary_crossentropy(y, x, reduction='sum')\n"
            ),
            lines=(3,),
            because="has no `reduction`",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.keras.losses.BinaryCrossentropy(reduction='sum')(y, x)\n"
            ),
        ),
    )
    words = ("reduction",)
    needs = LOSSES | {_PAIRWISE}

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls."""
        for call, name in module.calls:
            if not any(keyword.arg == "reduction" for keyword in call.keywords):
                continue
            if name in LOSSES_OF_ELEMENTS or is_keras_function(name) or name == _PAIRWISE:
                message = (
                    f"`tf.{name}` has no `reduction`: this is a TypeError. Reduce what it returns, "
                    "or call the class of that name."
                )
                yield self.finding(module, call, message)
