"""The rule on Keras layers in a model_fn, whose updates and regularization are lost."""

import ast
import re
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule

_REGULARIZERS = ("activity_regularizer", "bias_regularizer", "kernel_regularizer")
# `model.losses`, `layer.updates`; but not the modules `tf.losses` and `tf.keras.losses`.
_LOSSES = re.compile(r"(?<!\btf)(?<!keras)(?<!v1)(?<!v2)\.losses\b|get_losses_for")
_UPDATES = re.compile(r"\.updates\b|get_updates_for")


class KerasLayerInModelFn(Rule):
    """A Keras layer in a model_fn, whose updates or regularization losses are lost.

    Finds:
      `tf.keras.layers.BatchNormalization`, and layers with a regularizer, that a model_fn makes, in
      a file that asks no layer or model for its `updates` or `losses`.

    Why it matters:
      In a graph of TensorFlow 1, Keras layers add nothing to the collections UPDATE_OPS and
      REGULARIZATION_LOSSES; `tf.layers` do. Moving averages stay as they are, and
      `tf.losses.get_total_loss` lacks the regularization.

    Rewrite safety:
      There is no edit: adding them trains another model.

    References:
      Measured on TensorFlow 2.15.1: 0 update ops and 0 regularization losses.
    """

    code = "STATE406"
    severity = Severity.WARNING
    effort = 15
    effort_reason = "To add the layer's `updates` to the train_op, or its `losses` to the loss."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    x = tf.keras.layers.BatchNormalization()(features['x'])\n"
                "    return tf.keras.layers.Dense(1, kernel_regularizer=l2)(x)\n"
            ),
            lines=(5, 6),
            because="UPDATE_OPS",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    layer = tf.keras.layers.Dense(1, kernel_regularizer=l2)\n"
                "    logits = layer(features['x'])\n"
                "    return tf.losses.log_loss(labels, logits) + sum(layer.losses)\n"
            ),
        ),
        Example(
            code="import tensorflow as tf\n\nlayer = tf.keras.layers.BatchNormalization()\n",
        ),
    )
    words = ("BatchNormalization", *_REGULARIZERS)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the layers."""
        for call, name in module.calls:
            if not name.startswith("keras.layers.") or not module.is_in_model_fn(call):
                continue
            has_updates = _UPDATES.search(module.source.text) is not None
            has_losses = _LOSSES.search(module.source.text) is not None
            if name == "keras.layers.BatchNormalization" and not has_updates:
                message = (
                    "A Keras layer adds nothing to UPDATE_OPS: its moving averages stay as they "
                    "are, unless the train_op depends on the layer's `updates`."
                )
                yield self.finding(module, call, message)
            elif not has_losses and _regularizer(call):
                message = (
                    f"A Keras layer adds nothing to REGULARIZATION_LOSSES: its "
                    f"`{_regularizer(call)}` has no effect, unless the layer's `losses` are added "
                    "to the loss."
                )
                yield self.finding(module, call, message)


def _regularizer(call: ast.Call) -> str:
    """Returns the name of the regularizer that a layer is made with; "" for none."""
    return next(
        (
            keyword.arg
            for keyword in call.keywords
            if keyword.arg in _REGULARIZERS and getattr(keyword.value, "value", "") is not None
        ),
        "",
    )
