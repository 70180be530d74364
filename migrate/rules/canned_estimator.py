"""The rule on canned estimators."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example

_MODELS = (
    *("Baseline", "BoostedTrees", "DNN", "DNNLinearCombined", "Linear", "RNN", "SVM"),
    *("DynamicRnn", "KMeans", "Logistic"),
)


class CannedEstimator(LadderRule):
    """A canned estimator, whose model_fn is TensorFlow's.

    Finds:
      The first use of each canned estimator of `tf.estimator`, `tf.contrib.estimator` and
      `tf.contrib.learn` in a file, such as `tf.estimator.DNNClassifier`.

    Why it matters:
      There is no model_fn in the program. `migrate translate` writes the deep, linear and combined
      classifiers and regressors of TensorFlow 1; the others can be hosted. Their layers, optimizers
      and reductions are the defaults of the TensorFlow that trained them.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST206"
    severity = Severity.INFO
    effort = 120
    effort_reason = (
        "To write the model_fn of the estimator, and to compare one step with the estimator's."
    )
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "model = tf.estimator.DNNClassifier([8], columns, loss_reduction='weighted_sum')\n"
            ),
            lines=(3,),
            because="write a model_fn",
        ),
        Example(
            code=("import tensorflow as tf\n\nmodel = tf.estimator.Estimator(model_fn)\n"),
        ),
    )
    words = ("Classifier", "Regressor", "Estimator", "Ranker")
    names = frozenset(
        f"{package}.{model}{kind}"
        for package in ("estimator", "contrib.estimator", "contrib.learn")
        for model in _MODELS
        for kind in ("Classifier", "Regressor", "Estimator", "Ranker")
    )
    host = "its model_fn, once the estimator runs"
    own = (
        "`migrate translate`, for the deep, linear and combined ones of TensorFlow 1; otherwise "
        "write a model_fn with the same layers, optimizer and reduction"
    )
