"""Puts tensors into words: what computes them, and on which line they were written."""

import os
import sysconfig
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger import Line

RENAMES = frozenset(
    {
        "CheckNumerics",
        "EnsureShape",
        "ExpandDims",
        "Identity",
        "IdentityN",
        "Reshape",
        "Snapshot",
        "Squeeze",
    }
)
_SAME = RENAMES | {"Cast", "StopGradient", "ReadVariableOp", "PreventGradient", "BroadcastTo"}
_INFIX = {"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "DivNoNan": "/"}
_INFIX |= {"Div": "/", "Pow": "**", "Greater": ">", "GreaterEqual": ">=", "Less": "<"}
_INFIX |= {"LessEqual": "<=", "Equal": "==", "NotEqual": "!="}
_CALLS = {"Maximum": "max", "Minimum": "min", "Exp": "exp", "Log": "log", "Sqrt": "sqrt"}
_CALLS |= {"Square": "square", "Abs": "abs", "Reciprocal": "1/", "Sigmoid": "sigmoid"}
_CALLS |= {"Softplus": "softplus", "Tanh": "tanh", "Size": "size", "LogicalNot": "not "}
# What a loss is called, by the type of the op that makes it.
_LOSSES = {
    "SparseSoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SquaredDifference": "squared_difference",
    "CTCLoss": "ctc_loss",
    "CTCLossV2": "ctc_loss",
    "L2Loss": "l2",
}
# ... and by the scope in which TensorFlow's own functions make it.
_SCOPES = {
    "logistic_loss": "sigmoid_cross_entropy",
    "absolute_difference": "absolute_difference",
    "cosine_distance_loss": "cosine_distance",
    "hinge_loss": "hinge",
    "huber_loss": "huber",
    "log_loss": "log_loss",
    "mean_pairwise_squared_error": "pairwise_squared_difference",
    "log_poisson_loss": "log_poisson",
    "nce_loss": "nce",
    "sampled_softmax_loss": "sampled_softmax",
}
_LIBRARIES = ("tensorflow", "tf_keras", "keras", "tf_slim")
_STANDARD = sysconfig.get_paths()["stdlib"] + os.sep
_INSTALLED = tuple(f"-packages{os.sep}{name}{os.sep}" for name in _LIBRARIES)
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_EXAMPLES = os.path.join(_OURS, "examples", "")
_DEPTH = 8


class Texts:
    """The texts of a graph's tensors.

    Args:
      given: Names of features and labels by the names of their tensors.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def of(self, tensor: Any, depth: int = _DEPTH) -> str:
        """Describes what computes a tensor, in the names of its source."""
        if tensor.name in self._given:
            return self._given[tensor.name]
        op, kind = tensor.op, tensor.op.type
        if (number := constant(tensor)) is not None:
            return f"{number:.7g}"
        if kind in _SAME:
            return self.of(op.inputs[tensor.value_index if kind == "IdentityN" else 0], depth)
        if (name := known_loss(tensor)) is not None:
            return name
        if depth == 0 or not op.inputs:
            return str(op.name)
        return self._composed(op, kind, depth - 1)

    def loss(self, tensor: Any) -> str:
        """Names what a tensor of unreduced losses computes."""
        text = self.of(strip(tensor), 4)
        return (
            text if len(text) <= 120 and not text.startswith(tensor.op.name) else loss_name(tensor)
        )

    def _composed(self, op: Any, kind: str, depth: int) -> str:
        if (counted := count_of(op)) is not None:
            return f"count({self.of(counted, depth)} != 0)"
        if kind in ("Sum", "Mean", "Max", "Min", "Prod"):
            body = without_ones(op.inputs[0])
            return (
                f"size({loss_name(op.inputs[0])})"
                if body is None
                else (f"{kind.lower()}({self.of(body, depth)})")
            )
        if kind == "Less" and "SequenceMask" in op.name:
            return f"sequence_mask({self.of(op.inputs[1], depth)})"
        if kind == "StridedSlice" and op.inputs[0].op.type == "Shape":
            begin = tf.get_static_value(op.inputs[1])
            place = "" if begin is None else f"[{int(begin[0])}]"
            return f"shape({self.of(op.inputs[0].op.inputs[0], depth)}){place}"
        if kind in _INFIX:
            left, right = (self.of(one, depth) for one in op.inputs)
            return f"{_inside(left)} {_INFIX[kind]} {_inside(right)}"
        if kind == "AddN":
            return " + ".join(self.of(one, depth) for one in op.inputs)
        if kind == "Neg":
            return f"-{_inside(self.of(op.inputs[0], depth))}"
        if kind == "Size":
            return f"size({loss_name(op.inputs[0])})"
        if kind in _CALLS:
            return f"{_CALLS[kind]}({', '.join(self.of(one, depth) for one in op.inputs)})"
        return str(op.name)


def _inside(text: str) -> str:
    return f"({text})" if " " in text and not text.endswith(")") else text


def constant(tensor: Any) -> float | None:
    """Returns the number that a tensor of one element is, None where it is no constant."""
    if tensor.op.type not in _CONSTANT and not _is_small_constant(tensor):
        return None
    value = tf.get_static_value(tensor)
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "fiub":
        return None
    return float(np.asarray(value).reshape(()))


_CONSTANT = frozenset({"Const"})


def _is_small_constant(tensor: Any) -> bool:
    """Tells whether a scalar is computed from constants and static shapes alone."""
    return tensor.shape.rank == 0 and tensor.op.type in (
        "Cast",
        "Size",
        "Prod",
        "Identity",
        "StridedSlice",
        "Mul",
        "Fill",
        "ConcatV2",
    )


def strip(tensor: Any) -> Any:
    """Goes back over what only renames, casts or reshapes a tensor."""
    while tensor.op.type in RENAMES | {"Cast"} and tensor.op.inputs:
        tensor = tensor.op.inputs[0]
    return tensor


def is_ones(tensor: Any) -> bool:
    """Tells whether a tensor is ones in some shape."""
    if tensor.op.type == "OnesLike":
        return True
    if tensor.op.type == "Fill":
        return constant(tensor.op.inputs[1]) == 1.0
    value = tf.get_static_value(tensor) if tensor.op.type == "Const" else None
    return value is not None and value.size > 0 and bool(np.all(np.asarray(value) == 1))


def without_ones(tensor: Any) -> Any:
    """Returns the other factor of a product with ones; None for ones alone."""
    if is_ones(tensor):
        return None
    if tensor.op.type == "Mul":
        for mine, other in (tensor.op.inputs, reversed(tuple(tensor.op.inputs))):
            if is_ones(mine):
                return None if is_ones(other) else other
    return tensor


def count_of(op: Any) -> Any:
    """Returns the tensor of which an op counts the elements that are not 0, or None."""
    if op.type != "Sum":
        return None
    body = without_ones(op.inputs[0])
    if body is None:
        return None
    body = strip(body) if body.op.type == "Cast" else body
    if body.op.type in ("Select", "SelectV2") and body.op.inputs[0].op.type == "Equal":
        tested, zero = body.op.inputs[0].op.inputs
        return tested if constant(zero) == 0.0 and is_ones(body.op.inputs[2]) else None
    if body.op.type == "NotEqual" and constant(body.op.inputs[1]) == 0.0:
        return body.op.inputs[0]
    return None


def loss_name(tensor: Any) -> str:
    """Names what a tensor of unreduced losses computes, or gives the type of its op."""
    return known_loss(tensor) or _snake(strip(tensor).op.type)


def known_loss(tensor: Any) -> str | None:
    """Names what a tensor of unreduced losses computes, None where it is no loss we know."""
    inner = strip(tensor)
    if inner.op.type in _LOSSES:
        return _LOSSES[inner.op.type]
    for scope in reversed(inner.op.name.split("/")):
        if (name := _SCOPES.get(scope.rstrip("0123456789").rstrip("_"))) is not None:
            return name
    return _structural(inner.op)


def _structural(op: Any) -> str | None:
    """Knows losses by hand: squares and absolute values of differences, sums of y*log(p)."""
    if op.type in ("GatherV2", "GatherNd"):
        return known_loss(op.inputs[0])
    for kind, name in (("Square", "squared_difference"), ("Abs", "absolute_difference")):
        if op.type == kind and strip(op.inputs[0]).op.type == "Sub":
            return name
    negated = 0
    while op.type in ("Neg", "Sum"):
        negated += op.type == "Neg"
        op = strip(op.inputs[0]).op
    if not is_cross_entropy(op):
        return None
    negated += any(strip(one).op.type == "Neg" for one in op.inputs)
    return "cross_entropy" if negated % 2 else "log_likelihood"


def is_cross_entropy(op: Any) -> bool:
    """Tells whether an op is the product of labels and log-probabilities."""
    return op.type == "Mul" and any(_is_log(strip(one).op) for one in op.inputs)


def _is_log(op: Any) -> bool:
    if op.type == "Neg":
        op = strip(op.inputs[0]).op
    return op.type in ("LogSoftmax", "Log")


def _snake(kind: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_")


def line_of(op: Any) -> Line | None:
    """Finds the innermost line, of the user's or a legacy library's code, that made an op."""
    for frame in reversed(list(op.traceback or ())):
        if not _is_of_library(frame.filename):
            return Line(file=frame.filename, number=frame.lineno, function=frame.name)
    return None


def _is_of_library(file: str) -> bool:
    if file.startswith(_OURS):
        return not file.startswith(_EXAMPLES)
    if file.startswith("<") or any(name in file for name in _INSTALLED):
        return True
    return file.startswith(_STANDARD) and "-packages" not in file
