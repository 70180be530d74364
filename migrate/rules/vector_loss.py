"""The rule on an EstimatorSpec whose `loss` is not a scalar."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_function
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule, argument

# Where `loss` stands among the arguments.
_SPECS = {"estimator.EstimatorSpec": 2, "estimator.tpu.TPUEstimatorSpec": 2}


class VectorLoss(Rule):
    """An EstimatorSpec whose `loss` is the losses of the examples.

    Finds:
      `EstimatorSpec(..., loss=losses)`, where `losses` are not reduced: those of a cross entropy of
      `tf.nn`, or of a `tf.losses` function with `reduction=NONE`.

    Why it matters:
      An Estimator refuses it: "Loss must be scalar". A `loss` is one number, which the model_fn
      reduces as it likes; the losses of the examples are another thing.

    Rewrite safety:
      There is no edit: the reduction decides what is trained.

    References:
      `tf.estimator.EstimatorSpec`.
    """

    code = "LOSS310"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To choose the reduction."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=x)\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=losses, train_op=op)\n"
            ),
            lines=(6,),
            because="expected a scalar",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=x)\n"
                "    loss = tf.reduce_mean(losses)\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)\n"
            ),
        ),
    )
    words = ("EstimatorSpec",)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the losses."""
        reader = LossReader(module)
        for call, name in module.calls:
            loss = argument(call, "loss", _SPECS[name]) if name in _SPECS else None
            value = None if loss is None else reader.read(loss)
            if loss is None or value is None or value.form is not Form.ELEMENTS:
                continue
            if is_keras_function(value.function):  # of vectors, it returns a scalar
                continue
            message = (
                f"`loss` is the result of `tf.{value.function}` in line {value.call.lineno}, the "
                "losses of the examples; expected a scalar. Reduce them, such as with "
                "`tf.reduce_mean`."
            )
            yield self.finding(module, loss, message)
