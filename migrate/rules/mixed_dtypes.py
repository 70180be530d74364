"""The rule on labels and predictions of different dtypes."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, argument
from migrate.scanning.tensor_values import TensorReader

_PAIRS = {
    "math.squared_difference": (("x", 0), ("y", 1)),
    "math.subtract": (("x", 0), ("y", 1)),
    "math.multiply": (("x", 0), ("y", 1)),
    "multiply": (("x", 0), ("y", 1)),
    "squared_difference": (("x", 0), ("y", 1)),
    "subtract": (("x", 0), ("y", 1)),
    "nn.sigmoid_cross_entropy_with_logits": (("labels", 0), ("logits", 1)),
    "nn.softmax_cross_entropy_with_logits": (("labels", 0), ("logits", 1)),
}


class MixedDtypes(Rule):
    """A float64 tensor that meets a float32 tensor.

    Finds:
      `a - b` and the like, and the cross entropies of `tf.nn`, where the code makes one side
      float64 and the other float32: labels that are cast to `tf.float64`, and the output of a Keras
      layer, for example.

    Why it matters:
      TensorFlow converts no dtypes: raw operations raise an error. The functions of `tf.losses`
      cast both sides to float32, so the same labels work there.

    Rewrite safety:
      There is no edit: either side may be cast.

    References:
      `tf.compat.v1.losses.mean_squared_error` casts `labels` and `predictions` to float32.
    """

    code = "LOSS316"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To cast the labels where they are read."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "labels = tf.cast(labels, tf.float64)\n"
                "loss = tf.reduce_mean(tf.square(labels - tf.keras.layers.Dense(1)(x)))\n"
            ),
            lines=(4,),
            because="float64",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "labels = tf.cast(labels, 'float64')\n"
                "logits = tf.layers.dense(tf.feature_column.input_layer(features, columns), 1)\n"
                "l = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)\n"
                "other = tf.losses.sigmoid_cross_entropy(labels, logits)\n"
            ),
            lines=(5,),
            because="float64",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "labels = tf.cast(labels, tf.float32)\n"
                "loss = tf.reduce_mean(tf.square(labels - tf.keras.layers.Dense(1)(x)))\n"
                "both = tf.cast(labels, tf.float64) - tf.cast(x, tf.float64)\n"
            ),
        ),
    )
    words = ("float64", "to_double")

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the operations."""
        reader = TensorReader(module)
        for node, sides in _operations(module):
            dtypes = [reader.read(side).dtype for side in sides]
            if sorted(dtypes) == ["float32", "float64"]:
                wide = ast.unparse(sides[dtypes.index("float64")])
                message = (
                    f"`{wide:.60}` is float64 and the other side is float32: TensorFlow converts "
                    "no dtypes, and raises an error. Cast the labels to float32, as `tf.losses` do."
                )
                yield self.finding(module, node, message)


def _operations(module: SourceModule) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    for node in module.nodes(ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            yield node, [node.left, node.right]
    for call, name in module.calls:
        found = [argument(call, each, at) for each, at in _PAIRS.get(name, ())]
        sides = [side for side in found if side is not None]
        if len(sides) == 2:
            yield call, sides
