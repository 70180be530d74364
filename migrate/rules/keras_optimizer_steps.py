"""The rule on Keras optimizers that do not count the steps of an Estimator."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule

_TRAINING = frozenset({"apply_gradients", "get_updates", "minimize"})
# What counts the steps of an Estimator, or ties the counter of an optimizer to them.
_COUNTS = ("iterations", "assign_add")


class KerasOptimizerSteps(Rule):
    """A Keras optimizer in a model_fn that does not count the global step.

    Finds:
      An optimizer of `tf.keras.optimizers` or `tf.optimizers` that a model_fn makes and trains with
      `minimize`, `apply_gradients` or `get_updates`, in a file that neither sets `iterations` nor
      adds to a counter.

    Why it matters:
      The optimizer counts its own `iterations`; `global_step` stays 0. Summaries, checkpoints and
      hooks go by `global_step`, and `train(steps=...)` never ends.

    Rewrite safety:
      There is no edit: `optimizer.iterations = tf.compat.v1.train.get_or_create_global_step()`
      belongs before the first step.

    References:
      "Migrate from TensorFlow 1.x to TensorFlow 2", Estimators with Keras optimizers.
    """

    code = "STATE409"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To set `iterations` to the global step."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    optimizer = tf.keras.optimizers.SGD(0.1)\n"
                "    op = optimizer.get_updates(loss, variables)[0]\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)\n"
            ),
            lines=(5,),
            because="`global_step` stays 0",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    optimizer = tf.keras.optimizers.SGD(0.1)\n"
                "    optimizer.iterations = tf.compat.v1.train.get_or_create_global_step()\n"
                "    op = optimizer.get_updates(loss, variables)[0]\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def step(x, y):\n"
                "    optimizer = tf.keras.optimizers.SGD(0.1)\n"
                "    optimizer.apply_gradients(zip(gradients, variables))\n"
            ),
        ),
    )
    words = ("optimizers",)
    needs = frozenset({"keras.optimizers", "optimizers"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the optimizers."""
        text = module.source.text
        if any(word in text for word in _COUNTS) or "EstimatorSpec" not in text:
            return
        trained = {
            id(module.value_of(call.func.value))
            for call in module.nodes(ast.Call)
            if isinstance(call.func, ast.Attribute)
            and call.func.attr in _TRAINING
            and not any(keyword.arg == "global_step" for keyword in call.keywords)
        }
        for call, name in module.calls:
            if _is_optimizer(name) and id(call) in trained and module.is_in_model_fn(call):
                message = (
                    f"`tf.{name}` counts its own `iterations`: `global_step` stays 0, and an "
                    "Estimator never ends. Set `iterations` to "
                    "`tf.compat.v1.train.get_or_create_global_step()`."
                )
                yield self.finding(module, call, message)


def _is_optimizer(name: str) -> bool:
    """Tells whether a name is that of an optimizer of Keras."""
    package, _, last = name.rpartition(".")
    return package in ("keras.optimizers", "optimizers") and last[:1].isupper()
