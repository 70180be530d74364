"""The rule on reductions that Keras does not have."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_class, reduction_argument
from migrate.scanning.loss_values import LOSSES
from migrate.scanning.syntax import SourceModule, api_name

_V1_PREFIX = "losses.Reduction."
# `tf.losses` may be Keras's, which has the others.
_ONLY_V1 = frozenset({"MEAN", "SUM_BY_NONZERO_WEIGHTS", "SUM_OVER_NONZERO_WEIGHTS"})
_PREFIX = "keras.losses.Reduction."
# Legacy Keras has the first three only.
_STRINGS = frozenset({"none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"})
_MEMBERS = frozenset({"AUTO", "NONE", "SUM", "SUM_OVER_BATCH_SIZE"})


class KerasReductionMember(Rule):
    """A reduction that Keras does not have, such as MEAN.

    Finds:
      `tf.keras.losses.Reduction.MEAN`, and other members that only `tf.compat.v1.losses.Reduction`
      has; a member of TensorFlow 1's `tf.losses.Reduction` that is given to a Keras loss; and a
      string that is no reduction of Keras 3, as 'auto'.

    Why it matters:
      It is an AttributeError; a Keras loss refuses the others with a ValueError. TensorFlow 1's
      MEAN divides by the sum of the weights: Keras's SUM_OVER_BATCH_SIZE, which is often put in its
      place, divides by the number of elements.

    Rewrite safety:
      There is no edit: which of the two was meant is not known.

    References:
      `tf_keras.losses.Reduction`; Keras 3 has no such class and takes strings.
    """

    code = "LOSS307"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To decide what to divide by; without weights the two are the same."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.keras.losses.MeanSquaredError(tf.keras.losses.Reduction.MEAN)\n"
            ),
            lines=(3,),
            because="`tf.keras.losses.Reduction` has no MEAN",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "loss = tf.keras.losses.MeanSquaredError(reduction=tf.losses.Reduction.SUM)\n"
            ),
            lines=(3,),
            because="Keras losses refuse it",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.keras.losses.MeanSquaredError(reduction='auto')\n"
            ),
            lines=(3,),
            because="Keras 3 has no reduction 'auto'",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "reduction = tf.losses.Reduction.MEAN\n"
                "other = tf.keras.losses.Reduction.SUM\n"
            ),
        ),
    )
    words = ("eduction",)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the uses of the members."""
        for reference in module.references:
            name = api_name(reference.symbols[0])
            member = name.removeprefix(_PREFIX)
            is_member = member != name and member.isupper() and member not in _MEMBERS
            if is_member and isinstance(reference.node, ast.Attribute):
                message = (
                    f"`tf.keras.losses.Reduction` has no {member}. Without weights, "
                    "`sum_over_batch_size` is the same as TensorFlow 1's MEAN; with weights, MEAN "
                    "divides by their sum, and `sum_over_batch_size` does not."
                )
                yield self.finding(module, reference.node, message)
        for call, name in module.calls:
            if is_keras_class(name):
                given = reduction_argument(call, name)
                text = given.value if isinstance(given, ast.Constant) else None
                if given is not None and isinstance(text, str) and text not in _STRINGS:
                    yield self.finding(module, given, _message_on_string(text))
                values = [*call.args, *(keyword.value for keyword in call.keywords)]
                for value in values:
                    member = _member_of_v1(module.symbol(value))
                    if member and isinstance(value, ast.Attribute):
                        message = (
                            f"`tf.losses.Reduction.{member}` is TensorFlow 1's, and Keras losses "
                            "refuse it. Name Keras's own: 'none', 'sum' or 'sum_over_batch_size'. "
                            "Only Keras 3 has one that divides by the sum of the weights, as MEAN "
                            "does: 'mean_with_sample_weight'."
                        )
                        yield self.finding(module, value, message)


def _message_on_string(text: str) -> str:
    if text == "auto":
        return (
            "Keras 3 has no reduction 'auto' and raises a ValueError; only legacy Keras has it. "
            "Outside of a strategy it is 'sum_over_batch_size'."
        )
    return (
        f"Keras has no reduction {text!r} and raises a ValueError. Name one of 'none', 'sum' and "
        "'sum_over_batch_size'."
    )


def _member_of_v1(symbol: str) -> str:
    """Returns a member of TensorFlow 1's `Reduction` that Keras has not; "" for other symbols."""
    name = api_name(symbol)
    member = name.removeprefix(_V1_PREFIX)
    if member == name or member == "NONE":
        return ""
    return member if member in _ONLY_V1 or ".compat.v1." in symbol else ""
