"""The rule on averages of the means of batches."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import Form, LossReader
from migrate.scanning.syntax import Function, SourceModule, api_name, has_stars


class MeanOfBatchMeans(Rule):
    """The mean of a batch that is averaged once more, over the batches.

    Finds:
      A Keras `Mean` that is updated with the mean loss of a batch, TensorFlow 1's `tf.metrics.mean`
      of it, `total += loss` in a loop whose total is divided by the number of batches, and
      `losses.append(loss)` in a loop, where the mean of `losses` is taken.

    Why it matters:
      Each batch counts alike: the examples of a short last batch count more than the others. Five
      examples with losses 0, 0, 0, 0 and 5, in batches of 2: the mean of the batch means is 5 / 3,
      the mean over the examples is 1.

    Rewrite safety:
      There is no edit: a `Mean` can be updated with the losses of the examples, or with
      `sample_weight=` the size of the batch.

    References:
      An Estimator's `evaluate()["loss"]` is such a mean, too; `average_loss` is over the examples.
    """

    code = "LOSS306"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To give the metric the losses of the examples, or the size of the batch."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.SparseCategoricalCrossentropy()\n"
                "train_loss = tf.keras.metrics.Mean()\n\n\n"
                "def step(x, y):\n"
                "    loss = loss_object(y, model(x))\n"
                "    train_loss(loss)\n"
                "    train_loss.update_state(loss)\n"
            ),
            lines=(9, 10),
            because="Each batch counts alike",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "mse = tf.keras.losses.MeanSquaredError()\ntotal = 0.0\ncount = 0\n"
                "for x, y in batches:\n"
                "    total += mse(y, model(x)).numpy()\n"
                "    count += 1\n"
                "print(total / count)\n"
            ),
            lines=(7,),
            because="Each batch counts alike",
        ),
        Example(
            code=(
                "import numpy as np\nimport tensorflow as tf\n\n"
                "mse = tf.keras.losses.MeanSquaredError()\nlosses = []\ntotal = 0.0\n"
                "for x, y in batches:\n"
                "    losses.append(mse(y, model(x)).numpy())\n"
                "    total += float(mse(y, model(x)))\n"
                "print(np.mean(losses), total / len(batches))\n"
            ),
            lines=(8, 9),
            because="Each batch counts alike",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.MeanSquaredError(reduction='none')\n"
                "mean = tf.keras.metrics.Mean()\n"
                "mean.update_state(loss_object(y, x))\n"
                "mean.update_state(tf.keras.losses.MeanSquaredError()(y, x), sample_weight=3)\n"
            ),
        ),
    )
    words = ("Mean", "mean", "+=", "append")

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the updates of the averages."""
        reader = LossReader(module)
        for call in module.nodes(ast.Call):
            if _is_update(call, module) and _is_mean(reader, call.args[0]):
                yield self.finding(module, call, _MESSAGE)
        for node in module.nodes(ast.AugAssign):
            if _is_mean(reader, node.value) and _is_averaged(node, module):
                yield self.finding(module, node, _MESSAGE)
        averaged = _averaged_lists(module)
        for call in module.nodes(ast.Call) if averaged else ():
            name = _appended_to(call, module)
            if (module.function_of(call), name) in averaged and _is_mean(reader, call.args[0]):
                yield self.finding(module, call, _MESSAGE)


_MEANS = frozenset({"numpy.mean", "numpy.average", "statistics.mean", "statistics.fmean"})
_MESSAGE = (
    "This averages the means of batches. Each batch counts alike, so the examples of a short last "
    "batch count more. For the mean over the examples, give it the losses of the examples, or "
    "weight each batch by its size."
)


def _is_update(call: ast.Call, module: SourceModule) -> bool:
    """Tells whether a call gives a value without a weight to an average."""
    if len(call.args) != 1 or call.keywords or has_stars(call):
        return False
    if api_name(module.symbol(call.func)) == "metrics.mean":
        return True
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "update_state":
        function = function.value
    made = module.value_of(function)
    return isinstance(made, ast.Call) and api_name(module.symbol(made.func)) in (
        "keras.metrics.Mean",
        "metrics.Mean",
    )


def _is_mean(reader: LossReader, node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and not node.keywords:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "numpy":
            node = node.func.value
        elif isinstance(node.func, ast.Name) and node.func.id == "float" and node.args:
            return _is_mean(reader, node.args[0])
    value = reader.read(node)
    return value is not None and value.form is Form.MEAN


def _averaged_lists(module: SourceModule) -> set[tuple[Function | None, str]]:
    """Returns the names whose mean is taken, by `np.mean(x)` or `sum(x) / len(x)`."""
    found = set()
    for call in module.nodes(ast.Call):
        if len(call.args) == 1 and isinstance(call.args[0], ast.Name):
            name = module.symbol(call.func)
            is_mean = name in _MEANS or api_name(name) == "reduce_mean"
            if is_mean or _is_sum_by_length(call, module):
                found.add((module.function_of(call), call.args[0].id))
    return found


def _is_sum_by_length(call: ast.Call, module: SourceModule) -> bool:
    parent = next(iter(module.parents(call)), None)
    return (
        isinstance(call.func, ast.Name)
        and call.func.id == "sum"
        and isinstance(parent, ast.BinOp)
        and isinstance(parent.op, ast.Div)
        and parent.left is call
        and ast.unparse(parent.right) == f"len({ast.unparse(call.args[0])})"
    )


def _appended_to(call: ast.Call, module: SourceModule) -> str:
    """Returns the list that a call in a loop appends one value to; "" for another call."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "append" or len(call.args) != 1:
        return ""
    in_loop = any(isinstance(each, ast.For) for each in module.parents(call))
    return func.value.id if in_loop and isinstance(func.value, ast.Name) else ""


def _is_averaged(node: ast.AugAssign, module: SourceModule) -> bool:
    """Tells whether a total is divided by what its loop counts, or by the number of batches."""
    loop = next((each for each in module.parents(node) if isinstance(each, ast.For)), None)
    if loop is None or not isinstance(node.op, ast.Add) or not isinstance(node.target, ast.Name):
        return False
    counted = {
        each.target.id
        for each in loop.body
        if isinstance(each, ast.AugAssign)
        and isinstance(each.target, ast.Name)
        and isinstance(each.value, ast.Constant)
        and each.value.value == 1
    }
    return any(
        isinstance(each.op, ast.Div)
        and isinstance(each.left, ast.Name)
        and each.left.id == node.target.id
        and module.function_of(each) is module.function_of(node)
        and (
            (isinstance(each.right, ast.Name) and each.right.id in counted)
            or ast.unparse(each.right) == f"len({ast.unparse(loop.iter)})"
        )
        for each in module.nodes(ast.BinOp)
    )
