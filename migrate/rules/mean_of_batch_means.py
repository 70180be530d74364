"""The rule on averages of the means of batches."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules._totals import Totals
from migrate.rules.base import Example, Rule
from migrate.scanning.batches import BatchLoops, loop_around
from migrate.scanning.fetches import fetched
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule, api_name, has_stars


class MeanOfBatchMeans(Rule):
    """The mean of a batch that is averaged once more, over the batches.

    Finds:
      A Keras `Mean` that is updated with the mean loss of a batch, TensorFlow 1's `tf.metrics.mean`
      of it, `total += loss` in a loop whose total is divided by the number of batches, and a list
      of the losses of batches whose mean is taken; a loss may be fetched by `session.run`. Where
      all batches are whole, as with `drop_remainder=True`, such a mean is right and is left alone,
      and so is one over models, tasks or time steps.

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
        averages = _Averages(module)
        for node in averages.found():
            if not averages.loops.are_whole(node):
                yield self.finding(module, node, _MESSAGE)


_MEANS = frozenset({"numpy.mean", "numpy.average", "statistics.mean", "statistics.fmean"})
_ARRAYS = frozenset({"numpy.array", "numpy.asarray", "numpy.stack"})
_STACKS = frozenset({"convert_to_tensor", "stack"})
_MESSAGE = (
    "This averages the means of batches. Each batch counts alike, so the examples of a short last "
    "batch count more. For the mean over the examples, give it the losses of the examples, or "
    "weight each batch by its size."
)


class _Averages:
    """Finds the averages of the means of batches in one module."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module
        self._reader = LossReader(module)
        self._totals = Totals(module)
        self.loops = BatchLoops(module)

    def found(self) -> Iterator[ast.expr | ast.stmt]:
        """Yields what averages the mean of a batch."""
        yield from self._updates()
        yield from self._sums()
        yield from self._lists()

    def _updates(self) -> Iterator[ast.expr]:
        """Yields the updates of metrics with the mean of a batch."""
        for call in self._module.nodes(ast.Call):
            if _is_update(call, self._module) and self._mean(call.args[0]) is not None:
                yield call

    def _sums(self) -> Iterator[ast.stmt]:
        """Yields `total += loss` and `total = total + loss` in loops that count their rounds."""
        for node, total, added in _additions(self._module):
            loop = loop_around(node, self._module)
            if loop is None or not self._totals.is_divided_by_rounds(node, total, loop):
                continue
            if self._is_of_batches(added, loop):
                yield node

    def _lists(self) -> Iterator[ast.expr]:
        """Yields where the means of batches are put into a list whose mean is taken."""
        module = self._module
        averaged = list(_averaged_lists(module))
        names = {(module.function_of(one), one.id) for one in averaged if isinstance(one, ast.Name)}
        for call in module.nodes(ast.Call) if names else ():
            if (module.function_of(call), _appended_to(call)) not in names:
                continue
            loop = loop_around(call, module)
            if loop is not None and self._is_of_batches(call.args[0], loop):
                yield call
        for one in averaged:
            written = module.value_of(one)
            if not isinstance(written, ast.ListComp | ast.GeneratorExp):
                continue
            if len(written.generators) == 1 and self._is_of_batches(written.elt, written):
                yield written

    def _is_of_batches(self, node: ast.expr, around: ast.AST) -> bool:
        """Tells whether an expression in a loop is the mean loss of another batch in each round."""
        made = self._mean(node)
        if made is None or self._module.is_in_model_fn(node):
            return False
        if all(parent is not around for parent in self._module.parents(made)):
            value = self._module.value_of(_plain(node))  # the call of a function that makes it
            if not isinstance(value, ast.Call):
                return False
            made = value
        return self.loops.is_of_each_batch(made, around)

    def _mean(self, node: ast.expr) -> ast.Call | None:
        """Returns the call that makes an expression the mean of a batch; None for others."""
        value = self._reader.read(_plain(node))
        if value is not None:
            return value.call if value.form is Form.MEAN else None
        run, tensor = fetched(_plain(node), self._module)
        value = None if tensor is None else self._reader.read(tensor)
        return run if value is not None and value.form is Form.MEAN else None


def _additions(module: SourceModule) -> Iterator[tuple[ast.stmt, ast.expr, ast.expr]]:
    """Yields the statements that add to a total, with the total and what is added."""
    for node in module.nodes(ast.AugAssign):
        if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name | ast.Attribute):
            yield node, node.target, node.value
    for assigned in module.nodes(ast.Assign):
        value, target = assigned.value, assigned.targets[0]
        if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add):
            continue
        if isinstance(target, ast.Name) and ast.unparse(value.left) == target.id:
            yield assigned, target, value.right


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


def _plain(node: ast.expr) -> ast.expr:
    """Returns the tensor of `float(loss)`, `loss.numpy()` and the like."""
    if not isinstance(node, ast.Call) or node.keywords:
        return node
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("item", "numpy"):
        return _plain(node.func.value)
    is_float = isinstance(node.func, ast.Name) and node.func.id == "float" and node.args
    return _plain(node.args[0]) if is_float else node


def _averaged_lists(module: SourceModule) -> Iterator[ast.expr]:
    """Yields the lists whose mean is taken, by `np.mean(x)` or `sum(x) / len(x)`."""
    for call in module.nodes(ast.Call):
        if len(call.args) == 1 and not call.keywords:
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


def _appended_to(call: ast.Call) -> str:
    """Returns the list that a call appends one value to; "" for another call."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "append" or len(call.args) != 1:
        return ""
    return func.value.id if isinstance(func.value, ast.Name) else ""
