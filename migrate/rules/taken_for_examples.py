"""The rule on scalar losses that are taken for the losses of the examples."""

import ast
import itertools
import re
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader, LossValue
from migrate.scanning.syntax import SourceModule, api_name

_PER_EXAMPLE = re.compile(
    r"per_?(?:example|sample|instance|element|token)|(?:example|sample|element)_?loss(?:es)?|"
    r"elementwise|unreduced",
    re.IGNORECASE,
)
# `mean_per_example` is one number.
_REDUCED = re.compile(r"mean|average|avg|total|sum(?!m)", re.IGNORECASE)
_WEIGHTS = re.compile(r"(?:\w+_)?(?:weights?|masks?)(?:_\w+)?", re.IGNORECASE)
_PARTS = frozenset(
    {"boolean_mask", "dynamic_partition", "gather", "gather_nd", "split", "unstack"}
)  # fmt: skip
_ORDERED = frozenset({"argmax", "argsort", "math.argmax", "math.top_k", "nn.top_k", "sort"})


class TakenForExamples(Rule):
    """A scalar loss that is taken for the losses of the examples.

    Finds:
      A loss that is a scalar already, by a `tf.losses` function, a Keras loss object or a
      `tf.reduce_*`: assigned to a name such as `per_example_loss`, multiplied by weights or a mask,
      taken apart with an index, `tf.boolean_mask`, `tf.gather` and the like, or sorted, as for the
      worst examples with `tf.math.top_k`. What a sum is divided by is weights, as in
      `tf.reduce_sum(loss * w) / tf.reduce_sum(w)`, whatever its name.

    Why it matters:
      `loss` is one number, the reduction of a batch. Weights that multiply it weigh the whole
      batch, not its examples: the mean of `mean(l) * w` is `mean(l) * mean(w)`, not `mean(l * w)`.
      Losses 0 and 4 with weights 1 and 0: 2 * 0.5 = 1, instead of (0 * 1 + 4 * 0) / 2 = 0.

    Rewrite safety:
      There is no edit: with a reduction of NONE, another loss is trained.

    References:
      `tf.compat.v1.losses`: "If reduction is NONE, this has the same shape as labels; otherwise, it
      is scalar." `weights=` weighs the examples.
    """

    code = "LOSS314"
    severity = Severity.WARNING
    effort = 10
    effort_reason = "To give the weights to the loss, or to make it with a reduction of NONE."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "per_example_loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)\n"
                "loss = tf.reduce_mean(tf.losses.log_loss(labels, p) * weights)\n"
            ),
            lines=(3, 4),
            because="is a scalar",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.BinaryCrossentropy()\n"
                "loss = tf.boolean_mask(loss_object(y, x), mask)\n"
                "worst = loss_object(y, x)[0]\n"
                "values, rows = tf.math.top_k(loss_object(y, x), k=5)\n"
                "mean = tf.reduce_sum(loss_object(y, x) * w) / tf.reduce_sum(w)\n"
            ),
            lines=(4, 5, 6, 7),
            because="is a scalar",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.BinaryCrossentropy(reduction='none')\n"
                "per_example_loss = loss_object(y, x)\n"
                "loss = tf.reduce_mean(per_example_loss * weights)\n"
                "total = tf.reduce_mean(per_example_loss) * loss_weight\n"
            ),
        ),
    )
    words = ("losses", "reduce_mean", "reduce_sum")
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the uses."""
        reader = LossReader(module)
        for node, used, what in _uses(module):
            value = reader.read(used)
            if value is not None and value.form is not Form.ELEMENTS:
                yield self.finding(module, node, _message(value, what))


def _uses(module: SourceModule) -> Iterator[tuple[ast.expr | ast.stmt, ast.expr, str]]:
    """Yields where a loss is used as if it were those of the examples."""
    for statement in module.nodes(ast.Assign):
        target = statement.targets[0]
        if isinstance(target, ast.Name) and _is_of_examples(target.id):
            yield statement, statement.value, f"the name `{target.id}` says"
    for node in module.nodes(ast.BinOp):
        if isinstance(node.op, ast.Mult):
            yield from _multiplied(node, node.left, node.right, module)
    for part in module.nodes(ast.Subscript):
        yield part, part.value, "the index takes"
    for call, name in module.calls:
        if name in _PARTS and call.args:
            yield call, call.args[0], f"`tf.{name}` takes"
        elif name in _ORDERED and call.args:
            yield call, call.args[0], f"`tf.{name}` orders"
        elif name == "multiply" and len(call.args) == 2:
            yield from _multiplied(call, call.args[0], call.args[1], module)


def _is_of_examples(name: str) -> bool:
    """Tells whether a name says that it stands for the losses of the examples."""
    return _PER_EXAMPLE.search(name) is not None and _REDUCED.search(name) is None


def _multiplied(
    node: ast.expr, left: ast.expr, right: ast.expr, module: SourceModule
) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    """Yields a product of a loss and weights, with the loss."""
    for loss, weights in ((left, right), (right, left)):
        if _is_weights(weights, module) or _divides(weights, node, module):
            yield node, loss, f"`{ast.unparse(weights)}` weighs"


def _divides(weights: ast.expr, product: ast.expr, module: SourceModule) -> bool:
    """Tells whether the sum of a product is divided by the sum of one of its factors."""
    around = list(itertools.islice(module.parents(product), 2))
    if len(around) < 2 or not isinstance(around[1], ast.BinOp) or isinstance(weights, ast.Constant):
        return False
    total, division = around[0], around[1]
    by = division.right
    return (
        isinstance(division.op, ast.Div)
        and division.left is total
        and all(
            isinstance(each, ast.Call) and api_name(module.symbol(each.func)) == "reduce_sum"
            for each in (total, by)
        )
        and isinstance(by, ast.Call)
        and len(by.args) == 1
        and ast.dump(by.args[0]) == ast.dump(weights)
    )


def _is_weights(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether a name stands for the weights of examples, not for the weight of a term."""
    if not isinstance(node, ast.Name) or not _WEIGHTS.fullmatch(node.id):
        return False
    if isinstance(module.value_of(node), ast.Constant):
        return False
    name = node.id.lower()
    return "mask" in name or name in _OF_EXAMPLES


_OF_EXAMPLES = frozenset(
    f"{kind}weight{ending}"
    for kind in ("", "sample_", "example_", "per_example_", "label_", "instance_", "class_")
    for ending in ("s", "")
) - {"weight"}


def _message(value: LossValue, what: str) -> str:
    return (
        f"This loss is a scalar, {value.form.value} by `tf.{value.function}` in line "
        f"{value.call.lineno}, but {what} the losses of the examples. Make them with a reduction "
        "of NONE, or give the weights to the loss."
    )
