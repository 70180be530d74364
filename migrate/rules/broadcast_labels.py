"""The rule on labels and predictions whose difference is a square matrix."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.loss_values import LABELS
from migrate.scanning.syntax import Function, SourceModule, argument, has_stars
from migrate.scanning.tensor_values import COLUMNS, Shape, TensorReader

_DIFFERENCES = {
    "math.squared_difference": ("x", "y"),
    "math.subtract": ("x", "y"),
    "squared_difference": ("x", "y"),
    "subtract": ("x", "y"),
}
_OF_A_DIFFERENCE = frozenset({"abs", "math.abs", "math.square", "square"})
_MOST_SHAPES = 6


class BroadcastLabels(Rule):
    """A difference of a tensor [B] and a tensor [B, 1].

    Finds:
      `labels - predictions` and `tf.math.squared_difference` of them, where the code makes one of
      them [B] and the other [B, 1]: an error. If both are made of one tensor, all pairs are meant.
      `tf.square(labels - predictions)` is a remark where the predictions are [B, 1], and the labels
      are an argument of unknown shape.

    Why it matters:
      The difference broadcasts to [B, B]: each label is compared with each prediction, without an
      error. Labels 1, 2 and predictions 1, 4 have the losses 0 and 4, with the mean 2; broadcast,
      they are 0, 9, 1, 4, with the mean 3.5. `tf.losses` refuse such shapes; raw operations do not.

    Rewrite safety:
      There is no edit: either side may be reshaped, and what is trained becomes another loss.

    References:
      "Broadcasting" in TensorFlow's guide; `tf.compat.v1.losses.mean_squared_error` checks that the
      shapes are compatible.
    """

    code = "LOSS315"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To reshape one of the two, and to train again."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "predictions = tf.keras.layers.Dense(1)(x)\n"
                "labels = tf.reshape(labels, [-1])\n"
                "loss = tf.reduce_mean(tf.square(labels - predictions))\n"
            ),
            lines=(5,),
            because="broadcasts to [B, B]",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    predictions = tf.layers.dense(features, 1)\n"
                "    loss = tf.reduce_mean(tf.square(labels - predictions))\n"
            ),
            lines=(6,),
            because="If `labels` is [B]",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "predictions = tf.squeeze(tf.keras.layers.Dense(1)(x), -1)\n"
                "labels = tf.reshape(labels, [-1])\n"
                "loss = tf.reduce_mean(tf.square(labels - predictions))\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "predictions = tf.keras.layers.Dense(1)(x)\n"
                "loss = tf.keras.losses.mean_squared_error(tf.reshape(y, [-1, 1]), predictions)\n"
                "other = tf.square(tf.reshape(y, [-1, 1]) - predictions)\n"
            ),
        ),
    )
    needs = frozenset({"reshape", *COLUMNS})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the differences."""
        reader = TensorReader(module)
        in_losses = {
            id(module.value_of(call.args[0]))
            for call, name in module.calls
            if name in _OF_A_DIFFERENCE and call.args
        }
        for node, left, right in _differences(module):
            sides = [(side, reader.read(side).shape) for side in (left, right)]
            shapes = {shape for _, shape in sides}
            if shapes == {Shape.FLAT, Shape.COLUMN}:
                if _source(left, module) == _source(right, module):  # all pairs of one tensor
                    continue
                flat = next(ast.unparse(side) for side, shape in sides if shape is Shape.FLAT)
                message = (
                    f"`{flat:.60}` is [B] and the other side is [B, 1]: the difference broadcasts "
                    "to [B, B], each label with each prediction. Reshape one of them."
                )
                yield self.finding(module, node, message)
            elif shapes == {None, Shape.COLUMN} and (
                id(node) in in_losses or isinstance(node, ast.Call)
            ):
                labels = next(side for side, shape in sides if shape is None)
                if _is_label_argument(labels, module):
                    message = (
                        f"If `{ast.unparse(labels)}` is [B], the difference with predictions of "
                        "[B, 1] broadcasts to [B, B] without an error. `tf.losses` refuse that: "
                        "assert the shape before they are replaced."
                    )
                    yield self.finding(module, node, message, severity=Severity.INFO, effort=2)


def _differences(module: SourceModule) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    for node in module.nodes(ast.BinOp):
        if isinstance(node.op, ast.Sub):
            yield node, node.left, node.right
    for call, name in module.calls:
        if name in _DIFFERENCES and not has_stars(call):
            sides = [argument(call, side, at) for at, side in enumerate(_DIFFERENCES[name])]
            if sides[0] is not None and sides[1] is not None:
                yield call, sides[0], sides[1]


def _source(node: ast.expr, module: SourceModule) -> str:
    """Returns the tensor that an expression is another shape of, as it is written."""
    value = module.value_of(node)
    for _ in range(_MOST_SHAPES):  # `x = tf.reshape(x, ...)` in a branch leads to itself
        if isinstance(value, ast.Call) and value.args:
            value = module.value_of(value.args[0])
        elif isinstance(value, ast.Subscript):
            value = module.value_of(value.value)
    return ast.unparse(value)


def _is_label_argument(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether an expression is an argument of a function that is called as labels are."""
    if not isinstance(node, ast.Name) or not LABELS.fullmatch(node.id):
        return False
    binding = module.binding(node)
    owner = module.function_of(node)
    return binding is not None and binding.line == 0 and isinstance(owner, Function)
