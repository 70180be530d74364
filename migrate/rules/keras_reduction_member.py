"""The rule on members of Keras's `Reduction` that do not exist."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, api_name

_PREFIX = "keras.losses.Reduction."
_MEMBERS = frozenset({"AUTO", "NONE", "SUM", "SUM_OVER_BATCH_SIZE"})


class KerasReductionMember(Rule):
    """A member of `tf.keras.losses.Reduction` that there is not, such as MEAN.

    Finds:
      `tf.keras.losses.Reduction.MEAN`, and other members that only `tf.compat.v1.losses.Reduction`
      has.

    Why it matters:
      It is an AttributeError. TensorFlow 1's MEAN divides by the sum of the weights: Keras's
      SUM_OVER_BATCH_SIZE, which is often put in its place, divides by the number of elements.

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
                "reduction = tf.losses.Reduction.MEAN\n"
                "other = tf.keras.losses.Reduction.SUM\n"
            ),
        ),
    )
    words = ("Reduction",)

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
