"""The rule on results of Keras metrics in `eval_metric_ops`."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, api_name, argument

_METHODS = frozenset({"result", "update_state"})
_SPECS = ("EstimatorSpec", "TPUEstimatorSpec")


class KerasMetricValue(Rule):
    """The result of a Keras metric that is handed to an EstimatorSpec.

    Finds:
      `eval_metric_ops={"a": metric.result()}`, `metric.update_state(...)` and `metric(...)`, where
      `metric` is made by a class of `tf.keras.metrics` or, in TensorFlow 2, `tf.metrics`.

    Why it matters:
      A value of `eval_metric_ops` is a pair of a tensor and the op that updates it, as the
      functions of `tf.compat.v1.metrics` return it, or the metric object itself. Everything else is
      a TypeError.

    Rewrite safety:
      There is no edit: which batches the metric has seen is decided elsewhere.

    References:
      `tf.estimator.EstimatorSpec`, `eval_metric_ops`.
    """

    code = "STATE408"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To hand the metric over, or to use the function of tf.compat.v1.metrics."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    accuracy = tf.keras.metrics.Accuracy()\n"
                "    accuracy.update_state(labels, predicted)\n"
                "    return tf.estimator.EstimatorSpec(\n"
                "        mode, loss=loss, eval_metric_ops={'accuracy': accuracy.result()}\n"
                "    )\n"
            ),
            lines=(8,),
            because="expected a pair",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    accuracy = tf.keras.metrics.Accuracy()\n"
                "    accuracy.update_state(labels, predicted)\n"
                "    ops = {'accuracy': accuracy, 'a': tf.compat.v1.metrics.accuracy(labels, x)}\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=ops)\n"
            ),
        ),
    )
    words = ("eval_metric_ops",)
    needs = frozenset({"keras.metrics", "metrics"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the values."""
        for call in module.nodes(ast.Call):
            func = call.func
            last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            ops = argument(call, "eval_metric_ops", 4) if last in _SPECS else None
            values = module.value_of(ops) if ops is not None else None
            for value in values.values if isinstance(values, ast.Dict) else ():
                metric = _metric(value, module)
                if metric:
                    message = (
                        f"A value of `eval_metric_ops` is the result of `tf.{metric}`; expected a "
                        "pair of a tensor and an op, or the metric itself. Hand the metric over, "
                        "or use the function of `tf.compat.v1.metrics`."
                    )
                    yield self.finding(module, value, message)


def _metric(node: ast.expr, module: SourceModule) -> str:
    """Returns the class of the Keras metric whose result an expression is; "" for another."""
    value = module.value_of(node)
    if not isinstance(value, ast.Call):
        return ""
    func = value.func
    if isinstance(func, ast.Attribute) and func.attr in _METHODS:
        func = func.value
    made = module.value_of(func)
    name = api_name(module.symbol(made.func)) if isinstance(made, ast.Call) else ""
    package, _, last = name.rpartition(".")
    return name if package in ("keras.metrics", "metrics") and last[:1].isupper() else ""
