"""The rule on Estimators with a model_fn."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example


class EstimatorConstructor(LadderRule):
    """An Estimator that is made from a model_fn.

    Finds:
      The first `tf.estimator.Estimator(...)` of a file.

    Why it matters:
      The class is gone from TensorFlow 2.16. The model_fn is not: it runs, it can be hosted in a
      TF2 loop, and it can be translated.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST202"
    severity = Severity.INFO
    effort = 15
    effort_reason = (
        "To host the model_fn with the same input_fn, params and config, and to verify the loop."
    )
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "model = tf.estimator.Estimator(model_fn, params={})\n"
                "other = tf.estimator.Estimator(model_fn)\n"
            ),
            lines=(3,),
            because="`migrate.host` takes its model_fn",
        ),
        Example(
            code=("import tensorflow as tf\n\nspec = tf.estimator.EstimatorSpec\n"),
        ),
    )
    words = ("Estimator",)
    names = frozenset({"estimator.Estimator", "contrib.learn.Estimator"})
    host = "`migrate.host` takes its model_fn, input_fns, params and config"
    own = "`migrate translate` writes the model_fn as a loop"
