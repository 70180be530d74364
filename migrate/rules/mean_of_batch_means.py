"""The rule on averages of the means of batches."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule, api_name, has_stars


class MeanOfBatchMeans(Rule):
    """The mean of a batch that is averaged once more, over the batches.

    Finds:
      A Keras `Mean` that is updated with the mean loss of a batch, TensorFlow 1's `tf.metrics.mean`
      of it, `total += loss` in a loop whose total is divided by the number of batches, and a list
      of the losses of batches whose mean is taken.

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
                "print(np.mean([mse(y, model(x)) for x, y in batches]))\n"
            ),
            lines=(8, 9, 11),
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
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the updates of the averages."""
        reader = LossReader(module)
        for call in module.nodes(ast.Call):
            if _is_update(call, module) and _is_mean(reader, call.args[0]):
                yield self.finding(module, call, _MESSAGE)
        for node in module.nodes(ast.AugAssign):
            if _is_mean(reader, node.value) and _is_averaged(node, module):
                yield self.finding(module, node, _MESSAGE)
        averaged = list(_averaged_lists(module))
        names = {(module.function_of(one), one.id) for one in averaged if isinstance(one, ast.Name)}
        for call in module.nodes(ast.Call) if names else ():
            name = _appended_to(call, module)
            if (module.function_of(call), name) in names and _is_mean(reader, call.args[0]):
                yield self.finding(module, call, _MESSAGE)
        for one in averaged:
            written = module.value_of(one)
            if not isinstance(written, ast.ListComp | ast.GeneratorExp):
                continue
            if _is_of_batches(written) and _is_mean(reader, written.elt):
                yield self.finding(module, written, _MESSAGE)


_MEANS = frozenset({"numpy.mean", "numpy.average", "statistics.mean", "statistics.fmean"})
_ARRAYS = frozenset({"numpy.array", "numpy.asarray", "numpy.stack"})
_STACKS = frozenset({"convert_to_tensor", "stack"})
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
    made = module.value_of(_entry(function, module))
    return isinstance(made, ast.Call) and api_name(module.symbol(made.func)) in (
        "keras.metrics.Mean",
        "metrics.Mean",
    )


def _entry(node: ast.expr, module: SourceModule) -> ast.expr:
    """Returns the value of `metrics["loss"]` in a dict that is written out, or the expression."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
        return node
    written = module.value_of(node.value)
    if not isinstance(written, ast.Dict):
        return node
    values = [
        value
        for key, value in zip(written.keys, written.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == node.slice.value
    ]
    return values[-1] if values else node


def _is_mean(reader: LossReader, node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and not node.keywords:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "numpy":
            node = node.func.value
        elif isinstance(node.func, ast.Name) and node.func.id == "float" and node.args:
            return _is_mean(reader, node.args[0])
    value = reader.read(node)
    return value is not None and value.form is Form.MEAN


def _averaged_lists(module: SourceModule) -> Iterator[ast.expr]:
    """Yields the lists whose mean is taken, by `np.mean(x)` or `sum(x) / len(x)`."""
    for call in module.nodes(ast.Call):
        if len(call.args) == 1:
            name = module.symbol(call.func)
            is_mean = name in _MEANS or api_name(name) == "reduce_mean"
            if is_mean or _is_sum_by_length(call, module):
                yield _stacked(call.args[0], module)


def _stacked(node: ast.expr, module: SourceModule) -> ast.expr:
    """Returns the list that `tf.stack(x)` or `np.array(x)` takes; otherwise the expression."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        name = module.symbol(node.func)
        if name in _ARRAYS or api_name(name) in _STACKS:
            return node.args[0]
    return node


def _is_of_batches(written: ast.ListComp | ast.GeneratorExp) -> bool:
    """Tells whether a list has an element for each batch: `[f(x, y) for x, y in batches]`."""
    target = written.generators[0].target
    names = {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
    read = {each.id for each in ast.walk(written.elt) if isinstance(each, ast.Name)}
    return len(written.generators) == 1 and len(names) > 1 and names <= read


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
    is_total = isinstance(node.target, ast.Name | ast.Attribute)
    if loop is None or not isinstance(node.op, ast.Add) or not is_total:
        return False
    total, counts = ast.unparse(node.target), _counts(loop)
    divisions: list[tuple[ast.AST, ast.operator, ast.expr, ast.expr]] = [
        (each, each.op, each.left, each.right) for each in module.nodes(ast.BinOp)
    ]
    divisions += [(each, each.op, each.target, each.value) for each in module.nodes(ast.AugAssign)]
    return any(
        isinstance(op, ast.Div)
        and ast.unparse(left) == total
        and module.function_of(each) is module.function_of(node)
        and not counts.isdisjoint({_number(right), _number(module.value_of(right))})
        for each, op, left, right in divisions
    )


def _counts(loop: ast.For) -> set[str]:
    """Returns the expressions that are the number of times that a loop ran."""
    counts = {
        ast.unparse(each.target)
        for each in loop.body
        if isinstance(each, ast.AugAssign)
        and isinstance(each.value, ast.Constant)
        and each.value.value == 1
    }
    over = loop.iter
    counts.add(f"len({ast.unparse(over)})")
    name = ast.unparse(over.func) if isinstance(over, ast.Call) else ""
    if isinstance(over, ast.Call) and name == "enumerate" and over.args:
        counts.add(f"len({ast.unparse(over.args[0])})")
        if isinstance(loop.target, ast.Tuple):
            number = ast.unparse(loop.target.elts[0])
            counts.add(number if len(over.args) + len(over.keywords) > 1 else f"{number} + 1")
    elif isinstance(over, ast.Call) and name in ("range", "tf.range", "trange") and over.args:
        counts.add(ast.unparse(over.args[0]))
        if isinstance(loop.target, ast.Name) and len(over.args) == 1:
            counts.add(f"{loop.target.id} + 1")
    return counts


def _number(node: ast.AST) -> str:
    """Returns a number as it is written, without `float(...)` or `tf.cast(..., dtype)`."""
    while isinstance(node, ast.Call) and node.args and ast.unparse(node.func) != "len":
        node = node.args[0]
    return ast.unparse(node)
