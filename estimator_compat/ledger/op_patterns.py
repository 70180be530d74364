"""Patterns of ops that the ledger recognizes: renames, constants, ones, counts."""

import numpy as np
import tensorflow as tf

from estimator_compat.type_aliases import Operation, Tensor

# Ops whose output has the elements of their input.
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
# The renames that change the shape.
RESHAPES = frozenset({"ExpandDims", "Reshape", "Squeeze"})
# Ops that can compute a scalar from constants and static shapes alone.
_CONSTANT_FOLDED = frozenset(
    {
        "Cast",
        "ConcatV2",
        "Fill",
        "Identity",
        "Mul",
        "Prod",
        "Size",
        "StridedSlice",
    }
)


def constant(tensor: Tensor) -> float | None:
    """Returns the value of a constant of one element; None if the tensor is anything else."""
    is_folded = tensor.shape.rank == 0 and tensor.op.type in _CONSTANT_FOLDED
    if tensor.op.type != "Const" and not is_folded:
        return None
    value = tf.get_static_value(tensor)
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "fiub":
        return None
    return float(np.asarray(value).reshape(()))


def only_adds_axes(op: Operation) -> bool:
    """Returns whether a slice such as `x[:, tf.newaxis]` adds axes and leaves out no element."""
    added = op.get_attr("new_axis_mask")
    count = op.inputs[1].shape.as_list()[0]  # `shape[0]` may be a Dimension, without `<<`
    if not added or count is None or op.get_attr("shrink_axis_mask"):
        return False
    whole = op.get_attr("begin_mask") & op.get_attr("end_mask")
    whole |= added | op.get_attr("ellipsis_mask")
    return bool(whole == (1 << count) - 1)


def strip(tensor: Tensor) -> Tensor:
    """Returns the tensor that is left when renames, casts and reshapes are taken off."""
    while tensor.op.type in RENAMES or keeps_values(tensor.op):
        tensor = renamed(tensor)
    return tensor


def renamed(tensor: Tensor) -> Tensor:
    """Returns the tensor from which a rename or a cast made the given tensor."""
    return tensor.op.inputs[tensor.value_index if tensor.op.type == "IdentityN" else 0]


def keeps_values(op: Operation) -> bool:
    """Returns whether an op is a cast that keeps the values but for rounding."""
    if op.type != "Cast":
        return False
    before, after = op.inputs[0].dtype, op.outputs[0].dtype
    return bool(after.is_floating or before == tf.bool or (before.is_integer and after.is_integer))


def is_ones(tensor: Tensor) -> bool:
    """Returns whether all elements of a tensor are the constant 1."""
    if tensor.op.type == "OnesLike":
        return True
    if tensor.op.type == "Fill":
        return constant(tensor.op.inputs[1]) == 1.0
    value = tf.get_static_value(tensor) if tensor.op.type == "Const" else None
    return value is not None and value.size > 0 and bool(np.all(np.asarray(value) == 1))


def is_zeros(tensor: Tensor) -> bool:
    """Returns whether all elements of a tensor are the constant 0."""
    if tensor.op.type == "ZerosLike":
        return True
    if tensor.op.type == "Fill":
        return constant(tensor.op.inputs[1]) == 0.0
    value = tf.get_static_value(tensor) if tensor.op.type == "Const" else None
    return value is not None and not np.any(np.asarray(value))


def shaped_as(tensor: Tensor) -> Tensor:
    """Returns the argument of `tf.ones_like` or `tf.zeros_like`; any other tensor itself."""
    op = tensor.op
    if op.type in ("OnesLike", "ZerosLike"):
        return op.inputs[0]
    if op.type == "Fill" and op.inputs[0].op.type == "Shape":
        return op.inputs[0].op.inputs[0]
    return tensor


def without_ones(tensor: Tensor) -> Tensor | None:
    """Takes ones off a product.

    Returns:
      The other factor, if the tensor is a product with ones. None, if all of it is ones. Otherwise
      the tensor itself.
    """
    if is_ones(tensor):
        return None
    if tensor.op.type == "Mul":
        for factor, other in (tensor.op.inputs, reversed(tuple(tensor.op.inputs))):
            if is_ones(factor):
                return None if is_ones(other) else other
    return tensor


def count_of(op: Operation) -> Tensor | None:
    """Returns the tensor whose nonzero elements an op counts; None if the op counts nothing."""
    if op.type != "Sum":
        return None
    summed = without_ones(op.inputs[0])
    if summed is None:
        return None
    summed = strip(summed) if summed.op.type == "Cast" else summed
    if summed.op.type in ("Select", "SelectV2") and summed.op.inputs[0].op.type == "Equal":
        tested, zero = summed.op.inputs[0].op.inputs
        zeros, ones = summed.op.inputs[1:]
        counts = constant(zero) == 0.0 and is_zeros(zeros) and is_ones(ones)
        return tested if counts else None
    if summed.op.type == "NotEqual" and constant(summed.op.inputs[1]) == 0.0:
        return summed.op.inputs[0]
    return None


def same_values(first: Tensor, second: Tensor, depth: int = 8) -> bool:
    """Returns whether two tensors certainly have the same elements.

    They are one tensor but for renames and casts, or the same ops compute both from the same
    tensors.

    Args:
      first: A tensor of a graph.
      second: A tensor of the same graph.
      depth: How many ops to compare at most, one after another.
    """
    first, second = strip(first), strip(second)
    if first.name == second.name:
        return True
    one, other = first.op, second.op
    if one.type != other.type or first.value_index != second.value_index:
        return False
    if one.type == "Const":
        left, right = (np.asarray(tf.get_static_value(tensor)) for tensor in (first, second))
        return first.dtype == second.dtype and np.array_equal(left, right)
    if not depth or not one.inputs or len(one.inputs) != len(other.inputs):
        return False
    if one.op_def.is_stateful or one.node_def.attr != other.node_def.attr:
        return False
    return all(same_values(*pair, depth - 1) for pair in zip(one.inputs, other.inputs, strict=True))
