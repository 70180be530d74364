"""The rule on means over the batch of one replica."""

import ast
import re
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules import _strategies
from migrate.rules.base import Example, Rule
from migrate.scanning.bindings import Binding
from migrate.scanning.keras_losses import is_keras_class
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule, api_name, argument

_OWN_SIZE = re.compile(r"shape(?:\(\w+\))?\[0\]|\b(?:len|size)\(")
_OF_REPLICA = re.compile(
    r"per_?(?:replica|worker)|local\w*batch|batch\w*local",
    re.IGNORECASE,
)
_SCALES = frozenset({"get_scaled_loss", "scale_loss"})
_DEEPEST = 9


class ReplicaMean(Rule):
    """A loss that is divided by the batch of one replica.

    Finds:
      In a function that is given to `strategy.run`, or in one that it calls, a loss from which the
      gradients come and that is `tf.reduce_mean` of the losses of the examples, their sum divided
      by the size of the function's own batch, or by a size whose name says that it is that of one
      replica, `tf.nn.compute_average_loss` with such a size, or what a Keras loss object with its
      default reduction returns. Where the function averages the gradients over the replicas itself,
      such a mean is right and is left alone.

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
                "def mean(x, y):\n"
                "    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=f(x))\n"
                "    return tf.reduce_mean(losses)\n\n\n"
                "def step(x, y):\n"
                "    with tf.GradientTape() as tape:\n"
                "        loss = mean(x, y) + sum(model.losses)\n"
                "    return tape.gradient(loss, variables)\n\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "strategy.run(step, args=(x, y))\n"
            ),
            lines=(6,),
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
    words = (".run", "experimental_run")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the means."""
        calls = module.nodes(ast.Call)
        functions = {_strategies.function_of_run(call, module) for call in calls} - {None}
        if not functions:
            return
        reader = LossReader(module)
        averaging = {module.function_of(call) for call in calls if _is_average(call)}
        seen: set[ast.expr] = set()
        for call in calls:
            if not _is_gradient(call) or module.function_of(call) not in functions - averaging:
                continue
            for summand in _summands(call.args[0], module):
                if summand not in seen and _is_over_own_batch(summand, module, reader):
                    seen.add(summand)
                    yield self.finding(module, summand, _MESSAGE)


_MESSAGE = (
    "Each replica divides by its own number of examples, and the gradients of the replicas are "
    "added up. Divide by the size of the whole batch: "
    "`tf.nn.compute_average_loss(losses, global_batch_size=...)`."
)


def _is_gradient(call: ast.Call) -> bool:
    """Tells whether a call is `tape.gradient(loss, ...)` or `minimize(loss, ..., tape=tape)`."""
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return False
    has_tape = any(keyword.arg == "tape" for keyword in call.keywords)
    return call.func.attr == "gradient" or (call.func.attr == "minimize" and has_tape)


def _is_average(call: ast.Call) -> bool:
    """Tells whether a call is `all_reduce(ReduceOp.MEAN, gradients)`: then the means are right."""
    is_reduced = isinstance(call.func, ast.Attribute) and call.func.attr == "all_reduce"
    return is_reduced and any("mean" in ast.unparse(each).lower() for each in call.args[:1])


def _summands(node: ast.AST, module: SourceModule, depth: int = 0) -> Iterator[ast.expr]:
    """Yields the expressions that add up to a loss, through names and functions of the module."""
    if depth > _DEEPEST:
        return
    if isinstance(node, ast.Name):
        for binding in module.bindings(node):
            value = _value(binding, module)
            if value is not None:
                yield from _summands(value, module, depth + 1)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        if isinstance(node.op, ast.Add):
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else _sides(node)
            for side in sides:
                yield from _summands(side, module, depth + 1)
        elif isinstance(node, ast.BinOp):
            yield node
    elif isinstance(node, ast.Call) and _is_scaled(node):
        yield from _summands(node.args[0], module, depth + 1)
    elif isinstance(node, ast.expr):
        returned = _returned(node, module)
        if returned is None:
            yield node
        else:
            yield from _summands(returned, module, depth + 1)


def _is_scaled(call: ast.Call) -> bool:
    """Tells whether a call is `optimizer.get_scaled_loss(loss)`, of mixed precision."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in _SCALES and bool(call.args)


def _sides(node: ast.AugAssign) -> tuple[ast.expr, ast.expr]:
    return node.target, node.value


def _value(binding: Binding, module: SourceModule) -> ast.AST | None:
    """Returns what is assigned to a name; of several names, the part that is for this one."""
    if binding.element is None or binding.value is None:
        return binding.value
    value = _returned(binding.value, module) or binding.value
    is_there = isinstance(value, ast.Tuple) and binding.element < len(value.elts)
    return value.elts[binding.element] if is_there and isinstance(value, ast.Tuple) else None


def _returned(node: ast.AST, module: SourceModule) -> ast.expr | None:
    """Returns what a call of a function of the module returns; None for another expression."""
    function = module.value_of(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(function, ast.FunctionDef):
        return None
    returns = module.returns(function)
    return returns[0].value if len(returns) == 1 else None


def _is_over_own_batch(node: ast.expr, module: SourceModule, reader: LossReader) -> bool:
    """Tells whether a loss is a mean over the batch of the function that computes it."""
    if isinstance(node, ast.BinOp):
        left = node.left
        return (
            isinstance(node.op, ast.Div)
            and isinstance(left, ast.Call)
            and _is_sum(left, module, reader)
            and _is_own_size(node.right, module)
        )
    if not isinstance(node, ast.Call):
        return False
    name = api_name(module.symbol(node.func))
    if name == "reduce_mean":
        return _is_of_elements(node, reader)
    if name == "nn.compute_average_loss":
        size = argument(node, "global_batch_size", 2)
        return size is not None and _is_own_size(size, module)
    value = reader.read(node)
    made = module.value_of(node.func)
    return (
        value is not None
        and value.form is Form.MEAN
        and is_keras_class(value.function)
        and not (isinstance(made, ast.Call) and _strategies.is_in_scope(made, module))
    )


def _is_sum(call: ast.Call, module: SourceModule, reader: LossReader) -> bool:
    """Tells whether a call adds the losses of the examples up."""
    if api_name(module.symbol(call.func)) == "reduce_sum":
        return _is_of_elements(call, reader)
    value = reader.read(call)
    return value is not None and value.form is Form.SUM and is_keras_class(value.function)


def _is_of_elements(call: ast.Call, reader: LossReader) -> bool:
    """Tells whether a reduction is of the losses of the examples, and leaves a scalar."""
    inner = reader.read(call.args[0]) if call.args else None
    return reader.read(call) is not None and inner is not None and inner.form is Form.ELEMENTS


def _is_own_size(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether an expression is the size of a tensor's batch: `tf.shape(x)[0]`, `len(x)`.

    A name may say it, such as `BATCH_SIZE_PER_REPLICA`.
    """
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if _OF_REPLICA.search(name):
        return True
    return _OWN_SIZE.search(ast.unparse(module.value_of(node))) is not None
