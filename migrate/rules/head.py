"""The rule on heads."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example

_HEADS = (
    *("BinaryClass", "LogisticRegression", "MultiClass", "MultiLabel", "Multi", "Poisson"),
    *("PoissonRegression", "Regression"),
)
_CONTRIB = (
    *("binary_classification", "logistic_regression", "multi_class", "multi_label", "multi"),
    *("poisson_regression", "regression"),
)


class Head(LadderRule):
    """A head, which makes the loss and the metrics of a model_fn.

    Finds:
      The first use of each head of `tf.estimator` and `tf.contrib.estimator` in a file.

    Why it matters:
      What the loss is, stands in the head and not in the program: its reduction, its weights and
      its metrics, such as `average_loss`, have to be known before it is replaced.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST205"
    severity = Severity.INFO
    effort = 30
    effort_reason = "To write the loss of the head out, with its reduction, and to compare both."
    examples = (
        Example(
            code=("import tensorflow as tf\n\nhead = tf.estimator.MultiClassHead(n_classes=3)\n"),
            lines=(3,),
            because="write its loss",
        ),
        Example(
            code=("import tensorflow as tf\n\nhead = tf.keras.layers.Dense(3)\n"),
        ),
    )
    words = ("Head", "head")
    names = frozenset(
        {
            *(f"estimator.{name}Head" for name in _HEADS),
            *(f"contrib.estimator.{name}_head" for name in _CONTRIB),
            *(f"contrib.learn.{name}_head" for name in _CONTRIB),
        }
    )
    host = "as a model_fn, once the head runs"
    own = "write its loss with the same reduction, and its metrics"
