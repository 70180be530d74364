"""The rule on weighted losses that `tf.reduce_mean` averages."""

import ast
import re
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LOSSES, Form, LossReader, reduces_partly
from migrate.scanning.syntax import SourceModule, api_name, has_stars

# A mean is over all examples if the weights are of classes or of samples of another distribution.
# The weight of a term, such as `loss_weight`, is one number.
_WEIGHTS = re.compile(
    r"(?<!alpha_)(?<!class_)(?<!importance_)(?<!\bis_)(?<!loss_)(?<!pos_)weight(?!_loss)|mask",
    re.IGNORECASE,
)

_QUOTIENTS = frozenset(
    {"div_no_nan", "divide", "math.divide", "math.divide_no_nan", "truediv", "math.truediv"}
)


class WeightedMean(Rule):
    """Losses times weights, averaged by `tf.reduce_mean`.

    Finds:
      `tf.reduce_mean(losses * weights)`, where a name says "weight" or "mask". It is left alone if
      it is divided by the mean of the weights, if the weights were divided by something before,
      and if a name says that they are of classes, of importance sampling or of a term.

    Why it matters:
      The sum is divided by the number of all elements, also of those whose weight is 0. Under a
      mask that keeps half of the elements, the loss is half of the mean over what is kept, and it
      depends on how much a batch is padded. This is SUM_OVER_BATCH_SIZE; the default of `tf.losses`
      divides by the count of the weights that are not 0, and a weighted mean by their sum.

    Rewrite safety:
      There is no edit: each division gives another loss.

    References:
      `estimator_compat.losses.reductions` has the formulas side by side.
    """

    code = "LOSS305"
    severity = Severity.WARNING
    effort = 15
    effort_reason = "To decide what to divide by, and to write it out."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_mean(losses * mask)\n"
            ),
            lines=(4,),
            because="divides by the number of all elements",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "loss_object = tf.keras.losses.MeanSquaredError(reduction='none')\n\n\n"
                "def loss_function(real, pred):\n"
                "    mask = tf.math.logical_not(tf.math.equal(real, 0))\n"
                "    loss_ = loss_object(real, pred)\n"
                "    mask = tf.cast(mask, dtype=loss_.dtype)\n"
                "    loss_ *= mask\n"
                "    return tf.reduce_mean(loss_)\n\n\n"
                "def weighted(labels, outputs, weights=None):\n"
                "    losses = tf.square(labels - outputs)\n"
                "    if weights is not None:\n"
                "        losses = losses * weights\n"
                "    return tf.reduce_mean(losses)\n"
            ),
            lines=(11, 18),
            because="where `mask` is 0",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)\n"
                "loss = tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)\n"
                "other = tf.reduce_mean(losses * 0.5)\n"
            ),
        ),
    )
    words = ("reduce_mean",)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the means."""
        reader, rescaled = LossReader(module), _rescaled(module)
        for call, name in module.calls:
            if name != "reduce_mean" or call in rescaled or len(call.args) != 1:
                continue
            if has_stars(call) or reduces_partly(call):
                continue
            weights = next(filter(None, _weights(call.args[0], module, reader)), None)
            if weights is not None and not _is_normalized(weights, module):
                message = (
                    f"`tf.reduce_mean` divides by the number of all elements, also where "
                    f"`{ast.unparse(weights):.60}` is 0. For a mean over what the weights keep, "
                    "divide the sum by the sum of the weights, or by the count of those not 0."
                )
                yield self.finding(module, call, message)


def _is_normalized(weights: ast.expr, module: SourceModule) -> bool:
    """Tells whether the weights are divided by something, such as by their own mean."""
    value = module.value_of(weights)
    if isinstance(value, ast.Call):
        return api_name(module.symbol(value.func)) in _QUOTIENTS
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div)


def _rescaled(module: SourceModule) -> set[ast.AST]:
    """Returns what is divided by a mean, as in `mean(l * w) / mean(w)`."""
    divisions = [
        (node.left, node.right) for node in module.nodes(ast.BinOp) if isinstance(node.op, ast.Div)
    ]
    divisions += [
        (made.args[0], made.args[1])
        for made, name in module.calls
        if name in _QUOTIENTS and len(made.args) == 2
    ]
    return {
        module.value_of(above)
        for above, below in divisions
        if any(  # also in `tf.maximum(tf.reduce_mean(w), epsilon)`
            isinstance(each, ast.Attribute) and each.attr == "reduce_mean"
            for each in ast.walk(module.value_of(below))
        )
    }


def _weights(node: ast.expr, module: SourceModule, reader: LossReader) -> Iterator[ast.expr | None]:
    """Yields the weights of each product of losses and weights that an expression may be."""
    values = [module.value_of(node)]
    if isinstance(node, ast.Name):  # `if weights is not None: losses *= weights`
        values += [each.value for each in module.bindings(node) if each.value is not None]
    for value in values:
        factors = _factors(value, module)
        losses = [each for each in factors if _is_elements(reader, each, module)]
        weights = [each for each in factors if _is_weights(each, module)]
        if len(factors) == 2 and len(losses) == 1 and weights and weights[0] is not losses[0]:
            yield weights[0]


def _is_weights(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether a name says that an expression is weights, and of what the weights are made."""
    made = ast.unparse(module.value_of(node))
    is_of_classes = "weight" in made and _WEIGHTS.search(made) is None
    return _WEIGHTS.search(ast.unparse(node)) is not None and not is_of_classes


def _factors(node: ast.AST, module: SourceModule) -> list[ast.expr]:
    binding = module.binding(node) if isinstance(node, ast.Name) else None
    if binding is not None and isinstance(binding.value, ast.AugAssign):
        node = binding.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [node.left, node.right]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult):
        return [node.target, node.value]
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        return []
    if module.symbol(node.func).rpartition(".")[2] == "multiply":
        return list(node.args)
    return []


def _is_elements(reader: LossReader, node: ast.expr, module: SourceModule) -> bool:
    """Tells whether an expression, or what a name had before it was multiplied, is of examples."""
    values = [reader.read(node)]
    if isinstance(node, ast.Name) and values == [None]:
        assigned = [each.value for each in module.bindings(node) if each.value is not None]
        values = [reader.read(each) for each in assigned]
    return any(value is not None and value.form is Form.ELEMENTS for value in values)
