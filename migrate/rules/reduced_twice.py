"""The rule on scalars that are reduced again."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader, reduces_partly
from migrate.scanning.syntax import SourceModule, has_stars


class ReducedTwice(Rule):
    """A loss that is reduced again although it is a scalar already.

    Finds:
      `tf.reduce_mean` and `tf.reduce_sum` of a loss that is a scalar: of a `tf.losses` function or
      of a Keras loss object whose reduction is not NONE, or of another `tf.reduce_mean`.

    Why it matters:
      The second reduction does nothing. Who wrote it took the scalar for the losses of the
      examples: what they meant to compute, such as a sum, or a mean under a mask, is not computed.

    Rewrite safety:
      There is no edit: either the reduction is left out, which changes no number, or the loss
      should be `reduction=NONE`, which does.

    References:
      `tf.compat.v1.losses`: "If reduction is NONE, this has the same shape as labels; otherwise, it
      is scalar."
    """

    code = "LOSS303"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To find out which of the two reductions was meant."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "losses = tf.losses.sigmoid_cross_entropy(labels, logits)\n"
                "loss = tf.reduce_mean(losses)\n"
            ),
            lines=(4,),
            because="is a scalar already",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_mean(losses)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.MeanSquaredError(reduction='none')\n"
                "loss = tf.reduce_mean(loss_object(y, x))\n"
            ),
        ),
    )
    words = ("reduce_mean", "reduce_sum")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the second reductions."""
        reader = LossReader(module)
        for call, name in module.calls:
            if name not in ("reduce_mean", "reduce_sum") or not call.args or has_stars(call):
                continue
            inner = reader.read(call.args[0])
            if inner is None or inner.form is Form.ELEMENTS or reduces_partly(call):
                continue
            message = (
                f"The loss is a scalar already, {inner.form.value} by `tf.{inner.function}` in "
                f"line {inner.call.lineno}: `tf.{name}` does nothing. If the losses of the "
                "examples were meant, make them with a reduction of NONE."
            )
            yield self.finding(module, call, message)
