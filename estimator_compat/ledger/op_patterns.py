"""Patterns of ops that the ledger recognizes: renaming, constants, ones, counts."""

from typing import Any

import numpy as np
import tensorflow as tf

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


def constant(tensor: Any) -> float | None:
    """Returns the number that a tensor of one element is, None where it is no constant."""
    if tensor.op.type not in _CONSTANT and not _is_small_constant(tensor):
        return None
    value = tf.get_static_value(tensor)
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "fiub":
        return None
    return float(np.asarray(value).reshape(()))


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
