"""Puts tensors into words: what computes them, and on which line they were written."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import package_files
from estimator_compat.ledger.values import Line, is_compound

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
# These change the shape, and not the elements.
RESHAPES = frozenset({"ExpandDims", "Reshape", "Squeeze"})
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


def constant(tensor: Any) -> float | None:
    """Returns the number that a tensor of one element is, None where it is no constant."""
    if tensor.op.type not in _CONSTANT and not _is_small_constant(tensor):
        return None
    value = tf.get_static_value(tensor)
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "fiub":
        return None
    return float(np.asarray(value).reshape(()))


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


def only_adds_axes(op: Any) -> bool:
    """Tells whether a slice is `x[:, tf.newaxis]` and the like, which leaves out nothing."""
    added = op.get_attr("new_axis_mask")
    count = op.inputs[1].shape[0]
    if not added or count is None or op.get_attr("shrink_axis_mask"):
        return False
    whole = op.get_attr("begin_mask") & op.get_attr("end_mask")
    whole |= added | op.get_attr("ellipsis_mask")
    return bool(whole == (1 << count) - 1)


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
    while tensor.op.type in RENAMES or keeps_values(tensor.op):
        tensor = renamed(tensor)
    return tensor


def renamed(tensor: Any) -> Any:
    """Returns what an op that renames has renamed."""
    return tensor.op.inputs[tensor.value_index if tensor.op.type == "IdentityN" else 0]


def keeps_values(op: Any) -> bool:
    """Tells whether an op is a cast that keeps numbers, their last bits apart."""
    if op.type != "Cast":
        return False
    before, after = op.inputs[0].dtype, op.outputs[0].dtype
    return bool(after.is_floating or before == tf.bool or (before.is_integer and after.is_integer))


def is_ones(tensor: Any) -> bool:
    """Tells whether a tensor is ones in some shape."""
    if tensor.op.type == "OnesLike":
        return True
    if tensor.op.type == "Fill":
        return constant(tensor.op.inputs[1]) == 1.0
    value = tf.get_static_value(tensor) if tensor.op.type == "Const" else None
    return value is not None and value.size > 0 and bool(np.all(np.asarray(value) == 1))


def is_zeros(tensor: Any) -> bool:
    """Tells whether a tensor is zeros in some shape."""
    if tensor.op.type == "ZerosLike":
        return True
    if tensor.op.type == "Fill":
        return constant(tensor.op.inputs[1]) == 0.0
    value = tf.get_static_value(tensor) if tensor.op.type == "Const" else None
    return value is not None and not np.any(np.asarray(value))


def shaped_as(tensor: Any) -> Any:
    """Returns the tensor whose shape ones or zeros were made in, or they themselves."""
    op = tensor.op
    if op.type in ("OnesLike", "ZerosLike"):
        return op.inputs[0]
    if op.type == "Fill" and op.inputs[0].op.type == "Shape":
        return op.inputs[0].op.inputs[0]
    return tensor


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
        zeros, ones = body.op.inputs[1:]
        known = constant(zero) == 0.0 and is_zeros(zeros) and is_ones(ones)
        return tested if known else None
    if body.op.type == "NotEqual" and constant(body.op.inputs[1]) == 0.0:
        return body.op.inputs[0]
    return None


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
        if _may_be_users(frame.filename):
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


def line_of(op: Any) -> Line | None:
    """Finds the innermost line, of the user's or a legacy library's code, that made an op."""
    for frame in reversed(list(op.traceback or ())):
        if _may_be_users(frame.filename):
            return Line(file=frame.filename, number=frame.lineno, function=frame.name)
    return None


def _may_be_users(path: str) -> bool:
    if package_files.is_ours(path):
        return package_files.is_example(path)
    return not package_files.is_framework(path)
