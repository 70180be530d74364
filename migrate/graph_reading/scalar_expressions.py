"""Writes the ops behind a scalar, such as a learning rate, as TF2 source."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import private_tensorflow
from migrate.translating.refusal import Refusal

_BINARY = {
    "Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/",
    "FloorDiv": "//", "FloorMod": "%", "Less": "<", "LessEqual": "<=", "Greater": ">",
    "GreaterEqual": ">=",
}  # fmt: skip
_CALLS = {
    "Pow": "tf.pow", "Floor": "tf.floor", "Ceil": "tf.math.ceil", "Minimum": "tf.minimum",
    "Maximum": "tf.maximum", "Exp": "tf.exp", "Log": "tf.math.log", "Sqrt": "tf.sqrt",
    "Rsqrt": "tf.math.rsqrt", "Square": "tf.square", "Cos": "tf.cos", "Sin": "tf.sin",
    "Neg": "-", "LogicalAnd": "tf.logical_and", "LogicalOr": "tf.logical_or",
    "LogicalNot": "tf.logical_not", "Select": "tf.where", "SelectV2": "tf.where", "Abs": "tf.abs",
    "Equal": "tf.equal", "NotEqual": "tf.not_equal",
}  # fmt: skip
# The numbers by which an operation changes nothing.
_NEUTRAL = {"+": 0, "-": 0, "*": 1, "/": 1}
_SAME = {
    "Identity", "ReadVariableOp", "Snapshot", "StopGradient", "EnsureShape", "Squeeze", "Switch",
}  # fmt: skip


def expression(tensor: Any, constants: Mapping[str, float | str] | None = None) -> str:
    """Returns the source of a scalar; the global step is called `step`.

    Args:
      tensor: The scalar.
      constants: The numbers that variables other than the global step always have, and the source
        of other ops, by their names.

    Raises:
      Refusal: The scalar depends on ops that have no source form here.
    """
    value = tf.get_static_value(tensor)
    if value is not None:
        return number(value)
    return _Writing(constants or {}).expression(tensor, 0)[0]


def number(value: Any) -> str:
    """Returns the shortest source of a number that is the same in its dtype."""
    array = np.asarray(value)
    if array.ndim:
        raise Refusal(f"expected a number, and found an array of shape {array.shape}")
    text = str(array[()])
    # NumPy writes 1e-04 for the float32 that Python writes as 0.0001.
    return repr(float(text)) if array.dtype.kind == "f" and np.isfinite(array) else text


class _Writing:
    """Writes one scalar.

    Attributes:
      constants: The numbers that variables always have, and the source of other ops, by names.
      arguments: What stands for the arguments of the functions of conditions.
    """

    def __init__(self, constants: Mapping[str, float | str]) -> None:
        self.constants = constants
        self.arguments: dict[Any, Any] = {}

    def expression(self, tensor: Any, depth: int) -> tuple[str, int]:
        """Returns the source, and 1 if it needs brackets within a product."""
        tensor = self.arguments.get(tensor.ref(), tensor)
        op = tensor.op
        if depth > 200:
            raise Refusal("the learning rate is computed by too many ops")
        if op.name == "global_step" or op.name.startswith("global_step/"):
            return "step", 0
        if op.type == "Const":
            text = number(tf.get_static_value(tensor))
            return text, int(text.startswith("-"))
        if op.name in self.constants:
            return str(self.constants[op.name]), 0
        if op.type in _SAME:
            return self.expression(op.inputs[0], depth + 1)
        if op.type == "Cast":
            if op.inputs[0].op.type == "Const":
                value = tf.get_static_value(op.inputs[0])
                text = number(value.astype(tensor.dtype.base_dtype.as_numpy_dtype))
                return text, int(text.startswith("-"))
            inner, _ = self.expression(op.inputs[0], depth + 1)
            return f"tf.cast({inner}, tf.{tensor.dtype.base_dtype.name})", 0
        if op.type in _BINARY:
            sign = _BINARY[op.type]
            others = [one for one in op.inputs if not _is(one, _NEUTRAL.get(sign))]
            if len(others) == 1 and (others[0] is op.inputs[0] or sign in "+*"):
                return self.expression(others[0], depth + 1)
            texts = [self._bracketed(one, depth) for one in op.inputs]
            return f"{texts[0]} {sign} {texts[1]}", 1
        chosen = self._chosen(tensor)
        if chosen is not None:
            texts = [self.expression(one, depth + 1)[0] for one in chosen]
            # Both values are computed, which changes nothing for numbers.
            return f"tf.where({', '.join(texts)})", 0
        if op.type == "Pow" and _is(op.inputs[1], 1):
            return self.expression(op.inputs[0], depth + 1)
        if op.type in _CALLS:
            texts = [self.expression(one, depth + 1)[0] for one in op.inputs]
            if op.type == "Neg" and texts[0].replace(".", "").isalnum():
                return f"-{texts[0]}", 1
            return f"{_CALLS[op.type]}({', '.join(texts)})", int(op.type == "Neg")
        raise Refusal(
            f"the learning rate depends on the op {op.name} ({op.type}), which is not translated; "
            "expected a schedule of the global step; write it with functions of tf.train or "
            "tf.math"
        )

    def _bracketed(self, tensor: Any, depth: int) -> str:
        text, needs = self.expression(tensor, depth + 1)
        return f"({text})" if needs else text

    def _chosen(self, tensor: Any) -> tuple[Any, Any, Any] | None:
        """Returns the condition and both values of a `tf.cond`; None for other ops."""
        op = tensor.op
        if op.type == "Merge" and len(op.inputs) == 2:
            # Control flow of TensorFlow 1: the scope of the op has the condition.
            scope = op.name.rpartition("/")[0]
            false, true = op.inputs
            return op.graph.get_tensor_by_name(f"{scope}/pred_id:0"), true, false
        if op.type in ("If", "StatelessIf"):
            index = tensor.value_index
            branches = [self._result(op, name, index) for name in ("then_branch", "else_branch")]
            return op.inputs[0], branches[0], branches[1]
        return None

    def _result(self, op: Any, branch: str, index: int) -> Any:
        """Returns the result of a branch, whose arguments stand for the inputs of the op."""
        function = private_tensorflow.function_graph(op.graph, op.get_attr(branch).name)
        if function is None:
            raise Refusal(
                f"the learning rate depends on the condition {op.name}, whose branches are not "
                "known; expected tf.cond or tf.case; write the schedule with one of these"
            )
        for inside, outside in zip(function.inputs, op.inputs[1:], strict=True):
            self.arguments[inside.ref()] = self.arguments.get(outside.ref(), outside)
        return function.outputs[index]


def _is(tensor: Any, number: int | None) -> bool:
    """Tells whether a scalar always is a number."""
    value = tf.get_static_value(tensor) if number is not None else None
    return value is not None and bool(value == number)
