"""The rule on means over the batch of one replica."""

import ast
import re
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import Form, LossReader
from migrate.scanning.syntax import Function, SourceModule

_RUNS = frozenset({"run", "experimental_run_v2", "experimental_run"})


class ReplicaMean(Rule):
    """A loss that is divided by the batch of one replica.

    Finds:
      `tf.reduce_mean` of the losses of the examples, or `tf.reduce_sum` of them divided by the size
      of the function's own batch, in a function that is given to `strategy.run`, where the
      gradients come from that loss.

    Why it matters:
      Each replica divides by its own number of examples, and the gradients of the replicas are
      added up: with N replicas they are N times as large as those of the whole batch.

    Rewrite safety:
      There is no edit: `tf.nn.compute_average_loss` needs the size of the whole batch, which the
      function does not know.

    References:
      "Custom training with tf.distribute.Strategy" in TensorFlow's guide.
    """

    code = "LOSS312"
    severity = Severity.WARNING
    effort = 15
    effort_reason = "To pass the size of the whole batch, and to compare one step with one replica."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def step(x, y):\n"
                "    with tf.GradientTape() as tape:\n"
                "        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=f(x))\n"
                "        loss = tf.reduce_mean(losses)\n"
                "    return tape.gradient(loss, variables)\n\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "strategy.run(step, args=(x, y))\n"
            ),
            lines=(7,),
            because="Each replica divides by its own number of examples",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def step(x, y):\n"
                "    with tf.GradientTape() as tape:\n"
                "        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=f(x))\n"
                "        size = tf.cast(tf.shape(x)[0], tf.float32)\n"
                "        loss = tf.reduce_sum(losses) / size\n"
                "    return tape.gradient(loss, variables)\n\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "strategy.run(step, args=(x, y))\n"
            ),
            lines=(8,),
            because="Each replica divides by its own number of examples",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def step(x, y):\n"
                "    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=f(x))\n"
                "    return tf.nn.compute_average_loss(losses, global_batch_size=64)\n\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "strategy.run(step, args=(x, y))\n"
            ),
        ),
    )
    words = tuple(_RUNS)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the means."""
        functions = {each for call in module.nodes(ast.Call) if (each := _run(call, module))}
        if not functions:
            return
        reader = LossReader(module)
        for call, name in module.calls:
            divided = _divided(call, name, module)
            if divided is None or module.function_of(call) not in functions or not call.args:
                continue
            value, inner = reader.read(call), reader.read(call.args[0])
            if value is None or inner is None or inner.form is not Form.ELEMENTS:
                continue
            if _has_gradient(divided, module):
                yield self.finding(module, divided, _MESSAGE)


_MESSAGE = (
    "Each replica divides by its own number of examples, and the gradients of the replicas are "
    "added up. Divide by the size of the whole batch: "
    "`tf.nn.compute_average_loss(losses, global_batch_size=...)`."
)


def _divided(call: ast.Call, name: str, module: SourceModule) -> ast.expr | None:
    """Returns a mean over the batch: of `tf.reduce_mean`, or of a sum divided by `shape(x)[0]`."""
    if name == "reduce_mean":
        return call
    parent = next(iter(module.parents(call)), None)
    if name != "reduce_sum" or not isinstance(parent, ast.BinOp) or parent.left is not call:
        return None
    if not isinstance(parent.op, ast.Div):
        return None
    right = ast.unparse(module.value_of(parent.right))
    return parent if re.search(r"shape(?:\(\w+\))?\[0\]|\blen\(", right) else None


def _run(call: ast.Call, module: SourceModule) -> Function | None:
    """Returns the function of the module that a call gives to `strategy.run`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _RUNS or not call.args:
        return None
    if "strategy" not in ast.unparse(call.func.value).lower():
        return None
    value = module.value_of(call.args[0])
    return value if isinstance(value, Function) else None


def _has_gradient(call: ast.expr, module: SourceModule) -> bool:
    """Tells whether a loss is assigned to a name whose gradient the same function takes."""
    parent = next(iter(module.parents(call)), None)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
        return False
    function = module.function_of(call)
    return any(
        isinstance(each.func, ast.Attribute)
        and each.func.attr == "gradient"
        and bool(each.args)
        and ast.dump(each.args[0]) == ast.dump(parent.targets[0]).replace("Store()", "Load()")
        and module.function_of(each) is function
        for each in module.nodes(ast.Call)
    )
