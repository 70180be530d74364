"""The rule on `tf.losses` functions that are called without a reduction."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, V1_LOSSES, is_v1_loss
from migrate.scanning.syntax import SourceModule, argument, has_stars


class DefaultReduction(Rule):
    """A loss of TensorFlow 1's `tf.losses` that is reduced by default.

    Finds:
      Calls of the functions of `tf.compat.v1.losses` (in TensorFlow 1, `tf.losses`) that do not say
      their `reduction`. With `weights` it is a warning; without, or with a number, a remark.

    Why it matters:
      The default, SUM_BY_NONZERO_WEIGHTS, is `sum(w * l) / count(w != 0)`. Without weights this is
      the mean over all elements. With weights that may be 0, such as a mask, no reduction of Keras
      computes the same: `"sum_over_batch_size"` divides by all elements, and
      `"mean_with_sample_weight"` by the sum of the weights.

    Rewrite safety:
      There is no edit: the program is right as it is. It becomes another one when it is translated
      by name.

    References:
      `tf.compat.v1.losses.compute_weighted_loss`; `estimator_compat.losses.reductions` has the
      formulas.
    """

    code = "LOSS301"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To find out which weights may be 0, and to write the division out."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "loss = tf.losses.log_loss(labels, predictions, weights=mask)\n"
            ),
            lines=(3,),
            because="no reduction of Keras computes the same",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.losses.softmax_cross_entropy(labels, logits)\n"
            ),
            lines=(3,),
            because="the mean over all elements",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "loss = tf.losses.log_loss(\n"
                "    labels, predictions, weights=mask, reduction=tf.losses.Reduction.SUM\n)\n"
            ),
        ),
        Example(
            code="import tensorflow as tf\n\nloss = tf.losses.mean_squared_error(y, tf.ones(3))\n"
        ),
    )
    words = tuple(V1_LOSSES)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls without a reduction."""
        for call, name in module.calls:
            if not is_v1_loss(call, name, module) or has_stars(call):
                continue
            weights_at, reduction_at = V1_LOSSES[name.removeprefix("losses.")]
            if argument(call, "reduction", reduction_at) is not None:
                continue
            weights = argument(call, "weights", weights_at)
            if weights is None or isinstance(weights, ast.Constant):
                message = (
                    f"`tf.{name}` names no `reduction`: it is SUM_BY_NONZERO_WEIGHTS, here the "
                    "mean over all elements of the losses."
                )
                yield self.finding(module, call, message, severity=Severity.INFO, effort=2)
            else:
                message = (
                    f"`tf.{name}` with `weights` names no `reduction`: it is "
                    "SUM_BY_NONZERO_WEIGHTS, sum(w * l) / count(w != 0), and no reduction of Keras "
                    "computes the same. Keep `tf.compat.v1.losses`, or write the division out."
                )
                yield self.finding(module, call, message)
