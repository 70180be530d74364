"""Writes the ops behind a scalar, such as a learning rate, as TF2 source."""

from typing import Any

import numpy as np
import tensorflow as tf

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
_SAME = {"Identity", "ReadVariableOp", "Snapshot", "StopGradient", "EnsureShape", "Squeeze"}
_COMPARISONS = {"<", "<=", ">", ">="}


def expression(tensor: Any) -> str:
    """Returns the source of a scalar; the global step is called `step`.

    Raises:
      Refusal: The scalar depends on ops that have no source form here.
    """
    value = tf.get_static_value(tensor)
    if value is not None:
        return number(value)
    return _expression(tensor, 0)[0]


def number(value: Any) -> str:
    """Returns the shortest source of a number that is the same in its dtype."""
    array = np.asarray(value)
    if array.ndim:
        raise Refusal(f"expected a number, and found an array of shape {array.shape}")
    return str(array[()])


def _expression(tensor: Any, depth: int) -> tuple[str, int]:
    """Returns the source, and 1 if it needs brackets within a product."""
    op = tensor.op
    if depth > 200:
        raise Refusal("the learning rate is computed by too many ops")
    if op.name == "global_step" or op.name.startswith("global_step/"):
        return "step", 0
    if op.type == "Const":
        text = number(tf.get_static_value(tensor))
        return text, int(text.startswith("-"))
    if op.type in _SAME:
        return _expression(op.inputs[0], depth + 1)
    if op.type == "Cast":
        inner, _ = _expression(op.inputs[0], depth + 1)
        return f"tf.cast({inner}, tf.{tensor.dtype.base_dtype.name})", 0
    if op.type in _BINARY:
        sign = _BINARY[op.type]
        texts = [_bracketed(one, depth) for one in op.inputs]
        return f"{texts[0]} {sign} {texts[1]}", 1
    if op.type in _CALLS:
        texts = [_expression(one, depth + 1)[0] for one in op.inputs]
        return f"{_CALLS[op.type]}({', '.join(texts)})", int(op.type == "Neg")
    raise Refusal(
        f"the learning rate depends on the op {op.name} ({op.type}), which is not translated"
    )


def _bracketed(tensor: Any, depth: int) -> str:
    text, needs = _expression(tensor, depth + 1)
    return f"({text})" if needs else text
