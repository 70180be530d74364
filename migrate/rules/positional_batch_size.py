"""The rule on the second positional argument of `tf.nn.compute_average_loss`."""

import ast
from collections.abc import Iterator

from migrate.findings import Edit, Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, has_stars


class PositionalBatchSize(Rule):
    """A batch size that `tf.nn.compute_average_loss` takes for weights.

    Finds:
      `tf.nn.compute_average_loss(losses, batch_size)`: a second positional argument that is a whole
      number above 1, or whose name says "batch_size".

    Why it matters:
      The second argument is `sample_weight`. The loss is then multiplied by the batch size, and
      divided by the size that is found otherwise: two replicas with 3 and 2 examples and a mean of
      4.0 get 22.5.

    Rewrite safety:
      The edit names the argument `global_batch_size`. The loss becomes another number: the one
      that the code says it is.

    References:
      `tf.nn.compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None)`.
    """

    code = "LOSS311"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To name the argument, and to look at the learning rate again."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.nn.compute_average_loss(losses, GLOBAL_BATCH_SIZE)\n"
            ),
            lines=(3,),
            because="`sample_weight`",
            after=(
                "import tensorflow as tf\n\n"
                "loss = tf.nn.compute_average_loss(losses, global_batch_size=GLOBAL_BATCH_SIZE)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss = tf.nn.compute_average_loss(losses, weights)\n"
                "loss = tf.nn.compute_average_loss(losses, global_batch_size=64)\n"
            ),
        ),
    )
    words = ("compute_average_loss",)
    needs = frozenset({"nn.compute_average_loss"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the arguments."""
        for call, name in module.calls:
            if name != "nn.compute_average_loss" or len(call.args) != 2 or has_stars(call):
                continue
            size = call.args[1]
            if any(keyword.arg == "global_batch_size" for keyword in call.keywords):
                continue
            if _is_size(size):
                start, _ = module.source.span(size)
                message = (
                    f"`tf.nn.compute_average_loss` takes `{ast.unparse(size)}` for "
                    "`sample_weight`, its second argument: the loss is multiplied by it. Name it "
                    "`global_batch_size`."
                )
                edit = Edit(start=start, end=start, text="global_batch_size=")
                yield self.finding(module, size, message, edit=edit)


def _is_size(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):  # batch_size * replicas
        return any(
            _is_size(side) for side in (node.left, node.right) if not isinstance(side, ast.Constant)
        )
    if isinstance(node, ast.Constant):
        return type(node.value) is int and node.value > 1
    last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return "batch_size" in str(last).lower() or "batchsize" in str(last).lower()
