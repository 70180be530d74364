"""The rule on arguments of Keras losses that are given in the wrong place."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_class
from migrate.scanning.loss_values import LOSSES
from migrate.scanning.syntax import SourceModule, api_name

_OF_THE_CLASS = frozenset({"from_logits", "label_smoothing", "reduction"})


class CallTimeArgument(Rule):
    """An argument of a Keras loss object that is given when it is called.

    Finds:
      `loss_object(y, x, from_logits=True)` and the like, where `loss_object` was made by a class of
      `tf.keras.losses`.

    Why it matters:
      It is a TypeError: the object takes `y_true`, `y_pred` and `sample_weight` only. Where the
      argument is left out to get rid of the error, the loss takes logits for probabilities.

    Rewrite safety:
      There is no edit: the object may be called in other places, too.

    References:
      `tf.keras.losses.Loss.__call__`.
    """

    code = "LOSS308"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To move the argument to where the object is made."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.SparseCategoricalCrossentropy()\n"
                "loss = loss_object(y, x, from_logits=True)\n"
            ),
            lines=(4,),
            because="Give `from_logits` to `tf.keras.losses.SparseCategoricalCrossentropy(...)`",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.BinaryCrossentropy(from_logits=True)\n"
                "loss = loss_object(y, x, sample_weight=w)\n"
                "other = tf.keras.losses.binary_crossentropy(y, x, from_logits=True)\n"
            ),
        ),
    )
    words = ("from_logits", "label_smoothing", "reduction")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls."""
        for call in module.nodes(ast.Call):
            wrong = [each for each in call.keywords if each.arg in _OF_THE_CLASS]
            made = module.value_of(call.func) if wrong else None
            if not isinstance(made, ast.Call):
                continue
            name = api_name(module.symbol(made.func))
            if is_keras_class(name):
                message = (
                    f"A Keras loss object takes no `{wrong[0].arg}` when it is called: this is a "
                    f"TypeError. Give `{wrong[0].arg}` to `tf.{name}(...)`, in line {made.lineno}."
                )
                yield self.finding(module, call, message)
