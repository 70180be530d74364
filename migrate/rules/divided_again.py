"""The rule on means of losses that are divided by the batch size once more."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule

_DIVISIONS = frozenset(
    {"div", "divide", "math.divide", "math.divide_no_nan", "math.truediv", "truediv"}
)


class DividedAgain(Rule):
    """A mean of losses that is divided by the batch size once more.

    Finds:
      `tf.reduce_mean(losses) / batch_size`, the result of a Keras loss object times
      `1 / GLOBAL_BATCH_SIZE`, and `tf.nn.compute_average_loss` of a loss that is a mean already.

    Why it matters:
      The loss is too small by the batch size, and so are its gradients. With Adam and the like this
      is hidden, because they divide by the size of the gradients; regularization counts more.

    Rewrite safety:
      There is no edit: the learning rate was chosen for the loss as it is.

    References:
      "Custom training with tf.distribute.Strategy": the losses of the examples, with a reduction of
      NONE, are added and divided by the global batch size.
    """

    code = "LOSS318"
    severity = Severity.WARNING
    effort = 15
    effort_reason = "To leave out one of the two divisions, and to look at the learning rate again."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.SparseCategoricalCrossentropy()\n"
                "loss = tf.reduce_sum(loss_object(y, x)) * (1.0 / GLOBAL_BATCH_SIZE)\n"
                "other = tf.nn.compute_average_loss(loss_object(y, x), global_batch_size=64)\n"
            ),
            lines=(4, 5),
            because="is a mean already",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_mean(losses) / params['batch_size']\n"
                "n = tf.cast(tf.shape(x)[0], tf.float32)\n"
                "other = tf.math.divide(tf.reduce_mean(losses), n)\n"
            ),
            lines=(4, 6),
            because="is a mean already",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.MeanSquaredError(reduction='none')\n"
                "loss = tf.reduce_sum(loss_object(y, x)) * (1.0 / GLOBAL_BATCH_SIZE)\n"
                "mean = tf.reduce_mean(loss_object(y, x)) / strategy.num_replicas_in_sync\n"
                "other = tf.nn.compute_average_loss(loss_object(y, x), global_batch_size=64)\n"
            ),
        ),
    )
    words = ("atch_size", "atchsize", "atchSize", "ATCH_SIZE", "compute_average_loss", "shape")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the divisions."""
        reader = LossReader(module)
        for node, loss in _divisions(module):
            value = reader.read(loss)
            if value is not None and value.form is Form.MEAN:
                message = (
                    f"The loss is a mean already, by `tf.{value.function}` in line "
                    f"{value.call.lineno}, and is divided by the batch size once more. Leave one "
                    "of the two divisions out."
                )
                yield self.finding(module, node, message)


def _divisions(module: SourceModule) -> Iterator[tuple[ast.expr | ast.stmt, ast.expr]]:
    """Yields the divisions by a batch size, each with what is divided."""
    operations: list[tuple[ast.expr | ast.stmt, ast.operator, ast.expr, ast.expr]] = [
        (node, node.op, node.left, node.right) for node in module.nodes(ast.BinOp)
    ]
    operations += [(node, node.op, node.target, node.value) for node in module.nodes(ast.AugAssign)]
    for node, op, left, right in operations:
        if isinstance(op, ast.Div) and _is_size(right, module):
            yield node, left
        elif isinstance(op, ast.Mult):
            for one, other in ((left, right), (right, left)):
                if _is_reciprocal(one, module):
                    yield node, other
    for call, name in module.calls:
        divides = name in _DIVISIONS and len(call.args) == 2 and _is_size(call.args[1], module)
        if divides or (name == "nn.compute_average_loss" and call.args):
            yield call, call.args[0]


def _is_reciprocal(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether an expression is `1 / batch_size`."""
    value = module.value_of(node)
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Div):
        return False
    one = value.left
    return isinstance(one, ast.Constant) and one.value == 1 and _is_size(value.right, module)


def _is_size(node: ast.AST, module: SourceModule) -> bool:
    """Tells whether an expression is a batch size by its name, or the first size of a shape."""
    if isinstance(node, ast.Call) and node.args:  # tf.cast(batch_size, tf.float32), float(...)
        return _is_size(node.args[0], module)
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant):
            key = node.slice.value
            return _is_name_of_size(key) if isinstance(key, str) else _is_shape(node, key)
        return False
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if _is_name_of_size(name):
        return True
    value = module.value_of(node)
    return value is not node and not isinstance(value, ast.Name) and _is_size(value, module)


def _is_name_of_size(name: object) -> bool:
    return isinstance(name, str) and name.lower().replace("_", "").endswith("batchsize")


def _is_shape(node: ast.Subscript, index: object) -> bool:
    return index == 0 and "shape" in ast.unparse(node.value)
