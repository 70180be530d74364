"""The rule on canned estimators and heads that are made without a reduction."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, argument, has_stars

_CANNED = frozenset(
    f"estimator.{model}{kind}"
    for model in ("Baseline", "DNN", "DNNLinearCombined", "Linear")
    for kind in ("Classifier", "Regressor")
)
# Where `loss_reduction` stands among the arguments of heads.
_HEADS = {
    "estimator.BinaryClassHead": 3,
    "estimator.LogisticRegressionHead": 1,
    "estimator.MultiClassHead": 3,
    "estimator.MultiLabelHead": 4,
    "estimator.PoissonRegressionHead": 2,
    "estimator.RegressionHead": 2,
}


class CannedReduction(Rule):
    """A canned estimator or a head without `loss_reduction`.

    Finds:
      Calls of `tf.estimator.DNNClassifier`, `LinearRegressor` and the like that do not say their
      `loss_reduction`; as a remark, also calls of heads such as `tf.estimator.MultiClassHead`.

    Why it matters:
      `tf.compat.v1.estimator` (and `tf.estimator` of TensorFlow 1) adds the losses of a batch up;
      `tf.estimator` of TensorFlow 2 divides by the batch size. The loss, the gradients and the
      learning rate that suits them differ by that factor. Heads divide by the batch size in both:
      with one of them, a model does not have the loss of a canned estimator of TensorFlow 1.

    Rewrite safety:
      There is no edit: which of the two is meant depends on the TensorFlow that the program was
      written for.

    References:
      Signatures of TensorFlow 2.15.1: `weighted_sum` in `tf.compat.v1.estimator`,
      `sum_over_batch_size` in `tf.estimator` and in the heads of both.
    """

    code = "LOSS302"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To find out which TensorFlow trained the model, and to name its reduction."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "model = tf.estimator.DNNClassifier(hidden_units=[8], feature_columns=columns)\n"
            ),
            lines=(3,),
            because="adds the losses of a batch up",
        ),
        Example(
            code="import tensorflow as tf\n\nhead = tf.estimator.MultiClassHead(n_classes=3)\n",
            lines=(3,),
            because="it is SUM_OVER_BATCH_SIZE",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "head = tf.estimator.RegressionHead(1, 'weight', tf.losses.Reduction.SUM)\n"
                "model = tf.estimator.LinearRegressor(columns, loss_reduction='weighted_sum')\n"
            ),
        ),
    )
    words = ("Classifier", "Regressor", "Head")
    needs = _CANNED | _HEADS.keys()

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls without a reduction."""
        for call, name in module.calls:
            if has_stars(call) or (name not in _CANNED and name not in _HEADS):
                continue
            # Canned estimators differ in where it stands, always after the first five.
            at = _HEADS.get(name)
            if argument(call, "loss_reduction", at) is not None:
                continue
            if at is not None:
                message = _message_of_head(name)
                yield self.finding(module, call, message, severity=Severity.INFO, effort=2)
            elif len(call.args) < 6:
                yield self.finding(module, call, _message(name, module.symbol(call.func)))


def _message_of_head(name: str) -> str:
    return (
        f"`tf.{name}` names no `loss_reduction`: it is SUM_OVER_BATCH_SIZE, which divides by the "
        "batch size; canned estimators of TensorFlow 1 add the losses of a batch up. Name it."
    )


def _message(name: str, symbol: str) -> str:
    if ".v1." in symbol:
        what = "it is SUM, which adds the losses of a batch up; TensorFlow 2's default divides"
    elif ".v2." in symbol or symbol.startswith("estimator_compat."):
        what = "it is SUM_OVER_BATCH_SIZE; TensorFlow 1's default adds the losses of a batch up"
    else:
        what = (
            "TensorFlow 1 adds the losses of a batch up (SUM), TensorFlow 2 divides by the batch "
            "size (SUM_OVER_BATCH_SIZE)"
        )
    return f"`tf.{name}` names no `loss_reduction`: {what}. Name the one that trained the model."
