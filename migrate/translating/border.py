"""The border between what is translated and what the written module still calls."""

import dataclasses
from collections.abc import Collection, Sequence

from migrate.translating.facts import Call, Unknown

# Calls of these in a function make it a part of the forward pass, even if it makes no variable.
_FORWARD = (
    "tf.layers.", "tf.keras.layers.", "tf.nn.dropout", "tf.nn.rnn_cell.", "tf.variable_scope",
    "tf.get_variable", "tf.Variable", "tf.nn.dynamic_rnn", "tf.nn.bidirectional_dynamic_rnn",
    "tf.nn.static_rnn", "tf.feature_column.input_layer", "tf.feature_column.linear_model",
)  # fmt: skip
_TRAINING = "tf.train."


@dataclasses.dataclass(frozen=True, slots=True)
class Border:
    """Which functions of the legacy program stay as they are.

    Attributes:
      is_kept: Whether the forward pass is kept at all: its statements stay TensorFlow 1.
      keep: The names of functions that are kept.
      translate: The names of functions whose statements are put in the place of their calls.
    """

    is_kept: bool = False
    keep: Collection[str] = ()
    translate: Collection[str] = ()

    def keeps(self, calls: Sequence[Call], *, hides: bool) -> bool:
        """Tells whether calls of a user's function stay calls.

        Args:
          calls: The executions of one call expression.
          hides: Whether the function computes a loss that the written module must show.
        """
        names = {call.callee.name for call in calls}
        if not self.is_kept or not any(call.callee.span is not None for call in calls):
            return False
        if names & set(self.keep):
            return True
        if names & set(self.translate) or hides or any(_is_spec(call.result) for call in calls):
            return False
        return any(is_forward(call) or is_training(call) for call in calls)


WHOLE = Border()
_SPECS = ("EstimatorSpec", "TPUEstimatorSpec", "_TPUEstimatorSpec")


def _is_spec(result: object) -> bool:
    return isinstance(result, Unknown) and result.description in _SPECS


def is_forward(call: Call) -> bool:
    """Tells whether a call makes weights, or applies layers."""
    if any(one.trainable for one in call.variables):
        return True
    applies = any(one.callee.api.startswith(_FORWARD) for one in call.walk())
    # The slots of an optimizer may be made by `tf.get_variable`, too.
    return applies and not is_training(call)


def is_training(call: Call) -> bool:
    """Tells whether a call makes an optimizer, and no weights."""
    return any(one.callee.api.startswith(_TRAINING) for one in call.walk())
