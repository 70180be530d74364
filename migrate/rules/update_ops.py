"""The rule on batch normalization whose averages never move."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, argument

# What runs UPDATE_OPS by itself.
_RUNS_THEM = ("UPDATE_OPS", "create_train_op", "get_updates_for", "optimize_loss", ".updates")


class UpdateOps(Rule):
    """A batch normalization whose moving averages are never updated.

    Finds:
      `tf.layers.batch_normalization` with a `training` that is not False, in a file that trains
      with `minimize` or `apply_gradients` and nowhere mentions UPDATE_OPS.

    Why it matters:
      The layer puts the updates of its moving averages into the collection UPDATE_OPS, and nothing
      runs them: evaluation and prediction normalize with the initial values, 0 and 1.

    Rewrite safety:
      There is no edit: the train_op has to depend on them, and the trained model becomes another.

    References:
      `tf.compat.v1.layers.batch_normalization`, "when training, the moving_mean and moving_variance
      need to be updated".
    """

    code = "STATE405"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To make the train_op depend on UPDATE_OPS, and to train again."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "x = tf.layers.batch_normalization(x, training=True)\n"
                "op = tf.train.GradientDescentOptimizer(0.1).minimize(loss)\n"
            ),
            lines=(3,),
            because="nothing in this file runs them",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "x = tf.layers.batch_normalization(x, training=True)\n"
                "with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):\n"
                "    op = tf.train.GradientDescentOptimizer(0.1).minimize(loss)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "x = tf.layers.batch_normalization(x, training=True)\n"
            ),
        ),
    )
    words = ("batch_normalization",)
    needs = frozenset({"layers.batch_normalization"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the layers, if the file trains."""
        if any(word in module.source.text for word in _RUNS_THEM) or not _trains(module):
            return
        for call, name in module.calls:
            training = argument(call, "training")
            if name != "layers.batch_normalization" or training is None:
                continue
            if not isinstance(training, ast.Constant) or training.value is True:
                message = (
                    "The updates of the moving averages are in the collection UPDATE_OPS, and "
                    "nothing in this file runs them: evaluation normalizes with the initial "
                    "values. Let the train_op depend on them."
                )
                yield self.finding(module, call, message)


def _trains(module: SourceModule) -> bool:
    return any(
        isinstance(call.func, ast.Attribute) and call.func.attr in ("apply_gradients", "minimize")
        for call in module.nodes(ast.Call)
    )
