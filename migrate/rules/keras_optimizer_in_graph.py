"""The rule on Keras optimizers that are used as if they were TensorFlow 1's."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, api_name


class KerasOptimizerInGraph(Rule):
    """A Keras optimizer that is called as an optimizer of TensorFlow 1.

    Finds:
      `minimize(..., global_step=...)`, `apply_gradients(..., global_step=...)` and
      `compute_gradients` of an optimizer of `tf.keras.optimizers` or `tf.optimizers`.

    Why it matters:
      Keras optimizers take no `global_step`, and have no `compute_gradients`: it is a TypeError or
      an AttributeError. Where the argument is left out, `global_step` stays 0, and an Estimator
      never stops, unless `optimizer.iterations` is the global step.

    Rewrite safety:
      There is no edit: `tf.compat.v1.train` has the optimizers that take `global_step`.

    References:
      `tf.keras.optimizers.Optimizer.minimize(loss, var_list, grad_loss, name, tape)`.
    """

    code = "STATE404"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To use the optimizer of tf.compat.v1.train, or to set `iterations`."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "optimizer = tf.keras.optimizers.SGD(0.1)\n"
                "op = optimizer.minimize(loss, global_step=step)\n"
            ),
            lines=(4,),
            because="takes no `global_step`",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "optimizer = tf.train.GradientDescentOptimizer(0.1)\n"
                "op = optimizer.minimize(loss, global_step=step)\n"
            ),
        ),
    )
    words = ("global_step", "compute_gradients")
    needs = frozenset({"keras.optimizers", "optimizers"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls."""
        for call in module.nodes(ast.Call):
            function = call.func
            if not isinstance(function, ast.Attribute) or function.attr not in _METHODS:
                continue
            has_step = any(keyword.arg == "global_step" for keyword in call.keywords)
            if not has_step and function.attr != "compute_gradients":
                continue
            made = module.value_of(function.value)
            name = api_name(module.symbol(made.func)) if isinstance(made, ast.Call) else ""
            if name.rpartition(".")[0] in ("keras.optimizers", "optimizers"):
                lacks = "takes no `global_step`" if has_step else "has no `compute_gradients`"
                message = (
                    f"`tf.{name}` {lacks}: it is an optimizer of Keras. Use one of "
                    "`tf.compat.v1.train`, or set its `iterations` to the global step."
                )
                yield self.finding(module, call, message)


_METHODS = ("apply_gradients", "compute_gradients", "minimize")
