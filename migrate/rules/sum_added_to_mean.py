"""The rule on sums of losses that are added to means of losses."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader
from migrate.scanning.syntax import SourceModule


class SumAddedToMean(Rule):
    """A sum of losses that is added to a mean of losses.

    Finds:
      `a + b`, where one is a sum of losses over the batch and the other a mean of losses.

    Why it matters:
      The weight of the two terms depends on the batch size: with twice the batch, the sum counts
      twice as much, and a short last batch shifts the balance.

    Rewrite safety:
      There is no edit: the numbers change with any other reduction.

    References:
      `migrate ledger` shows both terms with their reductions.
    """

    code = "LOSS304"
    severity = Severity.WARNING
    effort = 20
    effort_reason = "To choose one reduction, to adapt the factor, and to train once."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "a = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "b = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=z, logits=x)\n"
                "loss = tf.reduce_sum(a) + tf.reduce_mean(b)\n"
            ),
            lines=(5,),
            because="depends on the batch size",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "a = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_mean(a) + 0.01 * tf.reduce_sum(tf.square(w))\n"
            ),
        ),
    )
    words = ("reduce_mean", "reduce_sum", "losses")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the additions."""
        reader = LossReader(module)
        sums: list[tuple[ast.expr | ast.stmt, ast.operator, ast.expr, ast.expr]] = [
            (node, node.op, node.left, node.right) for node in module.nodes(ast.BinOp)
        ]
        sums += [(node, node.op, node.target, node.value) for node in module.nodes(ast.AugAssign)]
        for node, op, left, right in sums:
            if not isinstance(op, ast.Add):
                continue
            terms = [reader.read(side) for side in (left, right)]
            forms = {term.form for term in terms if term is not None}
            if forms == {Form.MEAN, Form.SUM}:
                message = (
                    "A sum of losses is added to a mean of losses: how much each counts depends "
                    "on the batch size. Reduce both in the same way."
                )
                yield self.finding(module, node, message)
