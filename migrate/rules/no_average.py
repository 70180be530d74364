"""The rule on `average_loss` that is no average."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule, api_name

_NAMES = frozenset({"average_loss", "avg_loss", "mean_loss"})
_MEANS = frozenset({"metrics.mean", "metrics.Mean", "keras.metrics.Mean"})


class NoAverage(Rule):
    """A number that is reported as the average loss and is no average.

    Finds:
      "average_loss", "avg_loss" or "mean_loss" as a key of a dict, or as the tag of
      `tf.summary.scalar`, whose value is a sum of losses over the batch, or a mean that
      is divided once more, or the mean over batches of such numbers.

    Why it matters:
      An Estimator's `average_loss` is the weighted mean over the examples. A sum grows with the
      batch size, so that runs with other batches cannot be compared, and a short last batch looks
      better than the others.

    Rewrite safety:
      There is no edit: the sum may be right, and the name wrong.

    References:
      The heads of `tf.estimator`: `average_loss` is `sum(weights * losses) / sum(weights)`.
    """

    code = "LOSS319"
    severity = Severity.WARNING
    effort = 5
    effort_reason = "To report the mean of the losses of the examples, or to rename the number."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_sum(losses)\n"
                "metrics = {'average_loss': tf.metrics.mean(loss)}\n"
                "tf.summary.scalar('average_loss', loss)\n"
                "tf.summary.scalar('mean_loss', tf.reduce_mean(losses) / 32)\n"
            ),
            lines=(5, 6, 7),
            because="is a sum",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "metrics = {'average_loss': tf.metrics.mean(losses)}\n"
                "metrics['loss'] = tf.metrics.mean(tf.reduce_sum(losses))\n"
                "tf.summary.scalar('average_loss', tf.reduce_mean(losses))\n"
            ),
        ),
    )
    words = tuple(sorted(_NAMES))
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the numbers."""
        reader = LossReader(module)
        for name, value in _reported(module):
            reported = _averaged(value, module)
            message = _sum(name, reported, reader) or _scaled(name, reported, module, reader)
            if message:
                yield self.finding(module, value, message)


def _sum(name: str, reported: ast.expr, reader: LossReader) -> str:
    """Returns what is wrong with a number that is a sum of losses; "" for other numbers."""
    loss = reader.read(reported)
    if loss is None or loss.form is not Form.SUM:
        return ""
    return (
        f"`{name}` is a sum over the batch, by `tf.{loss.function}` in line {loss.call.lineno}: it "
        "grows with the batch size. Report the mean of the losses of the examples."
    )


def _scaled(name: str, reported: ast.expr, module: SourceModule, reader: LossReader) -> str:
    """Returns what is wrong with a mean that is divided once more; "" for other numbers."""
    value = module.value_of(reported)
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Div):
        return ""
    loss = reader.read(value.left)
    if loss is None or loss.form is not Form.MEAN:
        return ""
    return (
        f"`{name}` is a mean already, by `tf.{loss.function}` in line {loss.call.lineno}, and is "
        f"divided by `{ast.unparse(value.right):.40}` once more. Report the mean itself."
    )


def _reported(module: SourceModule) -> Iterator[tuple[str, ast.expr]]:
    """Yields what is reported as an average loss, with its name."""
    for node in module.nodes(ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in _NAMES:
                yield str(key.value), value
    for statement in module.nodes(ast.Assign):
        target = statement.targets[0]
        key = target.slice if isinstance(target, ast.Subscript) else None
        if isinstance(key, ast.Constant) and key.value in _NAMES:
            yield str(key.value), statement.value
    for call, name in module.calls:
        if name == "summary.scalar" and len(call.args) > 1:
            tag = call.args[0]
            if isinstance(tag, ast.Constant) and tag.value in _NAMES:
                yield str(tag.value), call.args[1]


def _averaged(node: ast.expr, module: SourceModule) -> ast.expr:
    """Returns what `tf.metrics.mean(x)` averages over the batches; otherwise the expression."""
    value = module.value_of(node)
    if not isinstance(value, ast.Call) or len(value.args) != 1 or value.keywords:
        return node
    return value.args[0] if api_name(module.symbol(value.func)) in _MEANS else node
