"""Puts tensors into words: what computes them, and on which line they were written."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.formulas import is_compound
from estimator_compat.ledger.op_patterns import (
    RENAMES,
    constant,
    count_of,
    keeps_values,
    only_adds_axes,
    renamed,
    shaped_as,
    strip,
    without_ones,
)
from estimator_compat.ledger.source_lines import may_be_users

_SAME = RENAMES | {"Cast", "StopGradient", "ReadVariableOp", "PreventGradient", "BroadcastTo"}
_INFIX = {"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "DivNoNan": "/"}
_INFIX |= {"Div": "/", "Pow": "**", "Greater": ">", "GreaterEqual": ">=", "Less": "<"}
_INFIX |= {"LessEqual": "<=", "Equal": "==", "NotEqual": "!="}
_CALLS = {"Maximum": "max", "Minimum": "min", "Exp": "exp", "Log": "log", "Sqrt": "sqrt"}
_CALLS |= {"Square": "square", "Abs": "abs", "Sigmoid": "sigmoid", "L2Loss": "l2"}
_CALLS |= {"Softplus": "softplus", "Tanh": "tanh", "Size": "size", "LogicalNot": "not "}
# What a loss is called, by the type of the op that makes it.
_LOSSES = {
    "SparseSoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SquaredDifference": "squared_difference",
    "CTCLoss": "ctc_loss",
    "CTCLossV2": "ctc_loss",
}
# ... and by the function of TensorFlow's in which it is made.
_FUNCTIONS = {
    "absolute_difference": "absolute_difference",
    "cosine_distance": "cosine_distance",
    "hinge_loss": "hinge",
    "huber_loss": "huber",
    "log_loss": "log_loss",
    "log_poisson_loss": "log_poisson",
    "mean_pairwise_squared_error": "pairwise_squared_difference",
    "nce_loss": "nce",
    "reduce_logsumexp": "logsumexp",
    "sampled_softmax_loss": "sampled_softmax",
    "sigmoid_cross_entropy_with_logits": "sigmoid_cross_entropy",
    "weighted_cross_entropy_with_logits": "weighted_sigmoid_cross_entropy",
}
_DEPTH = 8


class Texts:
    """The texts of a graph's tensors.

    Args:
      given: Names of features and labels by the names of their tensors.
      is_loss: Whether a tensor can be a loss, and not a weight or a count.
    """

    def __init__(self, given: Mapping[str, str], is_loss: Callable[[Any], bool]) -> None:
        self._given, self._is_loss = given, is_loss

    def of(self, tensor: Any, depth: int = _DEPTH) -> str:
        """Describes what computes a tensor, in the names of its source."""
        if tensor.name in self._given:
            return self._given[tensor.name]
        op, kind = tensor.op, tensor.op.type
        if (number := constant(tensor)) is not None:
            return f"{number:.7g}"
        if kind == "Cast" and not keeps_values(op):
            return f"{tensor.dtype.name}({self.of(op.inputs[0], depth)})"
        if kind in _SAME:
            return self.of(renamed(tensor), depth)
        if self._is_loss(tensor) and (name := known_loss(tensor)) is not None:
            return name
        if kind == "Const":
            return _listed(tensor)
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
            return f"count({_inside(self.of(counted, depth))} != 0)"
        if kind in ("Sum", "Mean", "Max", "Min", "Prod"):
            body = without_ones(op.inputs[0])
            if body is None and kind == "Sum":
                return f"size({self.of(shaped_as(op.inputs[0]), depth)})"
            text = self.of(op.inputs[0] if body is None else body, depth)
            return f"{kind.lower()}({text}{_axis(op)})"
        if kind == "Less" and "SequenceMask" in op.name:
            return f"sequence_mask({self.of(op.inputs[1], depth)})"
        if kind == "StridedSlice" and only_adds_axes(op):
            return self.of(op.inputs[0], depth)
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
        if kind == "GatherV2":
            values, places = (self.of(one, depth) for one in op.inputs[:2])
            return f"{_inside(values)}[{places}]"
        if kind in ("Reciprocal", "Inv"):
            return f"1 / {_inside(self.of(op.inputs[0], depth))}"
        if kind == "Size":
            return f"size({self.of(op.inputs[0], depth)})"
        if kind in _CALLS:
            return f"{_CALLS[kind]}({', '.join(self.of(one, depth) for one in op.inputs)})"
        return str(op.name)


def _inside(text: str) -> str:
    return f"({text})" if is_compound(text) else text


def _listed(tensor: Any) -> str:
    value = np.asarray(tf.get_static_value(tensor))
    if value.dtype.kind not in "fiu" or value.ndim != 1 or value.size > 6:
        return str(tensor.op.name)
    return f"[{', '.join(f'{number:.7g}' for number in value)}]"


def _axis(op: Any) -> str:
    """The axes of a reduction as a call writes them; nothing where it reduces all."""
    axes, rank = tf.get_static_value(op.inputs[1]), op.inputs[0].shape.rank
    if axes is None or (rank is not None and len(np.unique(axes % rank)) == rank):
        return ""
    axes = [int(axis) for axis in axes.reshape(-1)]
    return f", axis={axes[0] if len(axes) == 1 else axes}" if axes else ""


def loss_name(tensor: Any) -> str:
    """Names what a tensor of unreduced losses computes, or gives the type of its op."""
    return known_loss(tensor) or _snake(strip(tensor).op.type)


def known_loss(tensor: Any) -> str | None:
    """Names what a tensor of unreduced losses computes, None where it is no loss we know."""
    inner = strip(tensor)
    if not inner.op.inputs:
        return None
    return _made_by(inner.op) or _LOSSES.get(inner.op.type) or _structural(inner.op)


def _made_by(op: Any) -> str | None:
    for frame in reversed(list(op.traceback or ())):
        if may_be_users(frame.filename):
            return None
        if (name := frame.name.removesuffix("_v2")) in _FUNCTIONS:
            return _FUNCTIONS[name]
    return None


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
    if op.type != "Mul":
        return False
    left, right = (strip(one).op for one in op.inputs)
    return (_is_log(left) and _is_label(right)) or (_is_log(right) and _is_label(left))


def _is_label(op: Any, depth: int = 6) -> bool:
    """Tells whether numbers come straight from the input, perhaps as one-hot, or smoothed."""
    if op.type == "OneHot" or op.type.startswith(("Iterator", "Placeholder", "Const", "Fill")):
        return True
    known = op.type in RENAMES | {"Add", "AddV2", "Cast", "Mul", "Neg", "OnesLike", "Sub"}
    return known and depth > 0 and all(_is_label(one.op, depth - 1) for one in op.inputs[:2])


def _is_log(op: Any) -> bool:
    if op.type == "Neg":
        op = strip(op.inputs[0]).op
    return op.type in ("LogSoftmax", "Log")


def _snake(kind: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_")
