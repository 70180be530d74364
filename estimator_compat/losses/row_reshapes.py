"""Rules for the rows of reshaped tensors: reshapes, transposes, stacks, concatenations, padding.

Each rule applies the operation that reshapes a tensor to the rows of its elements. See `row_rules`
for the arguments of a rule.
"""

from collections.abc import Sequence

import tensorflow as tf

from estimator_compat.losses import rows as rows_module
from estimator_compat.losses.row_rules import Rule, permuted
from estimator_compat.losses.rows import NO_ROW, Rows, Source, of_ids, placed, static_sizes
from estimator_compat.type_aliases import Tensor


def reshaped(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a reshaped tensor."""
    rows, (inner, shape) = operands[0], tensor.op.inputs
    before, after = static_sizes(inner), static_sizes(tensor)
    if before is None or after is None:
        return of_ids(tf.reshape(rows.in_shape(tf.shape(inner), inner.shape.rank), shape))
    if rows.source is Source.AXIS and rows.axis == 0 and _keeps_first_axis(before, after):
        return rows
    same = 0  # how many axes at the end stay as they are, with equal rows along them
    while same < min(len(before), len(after)) - 1 and _is_kept(rows, before, after, same):
        same += 1
    ones = [1] * same
    old = tf.concat([tf.shape(inner)[: len(before) - same], ones], 0)
    new = tf.concat([tf.cast(shape, tf.int32)[: len(after) - same], ones], 0)
    ids = tf.reshape(rows.in_shape(old, len(before)), new)
    return of_ids(tf.ensure_shape(ids, [*after[: len(after) - same], *ones]))


def _keeps_first_axis(before: Sequence[int | None], after: Sequence[int | None]) -> bool:
    """Returns whether a reshape certainly leaves the first axis as it is."""
    if not after or None in before[1:] or None in after[1:]:
        return False
    return _product(before[1:]) == _product(after[1:]) != 0


def _product(sizes: Sequence[int | None]) -> int:
    product = 1
    for size in sizes:
        product *= size or 0
    return product


def _is_kept(
    rows: Rows, before: Sequence[int | None], after: Sequence[int | None], same: int
) -> bool:
    size = before[-1 - same]
    is_equal = size is not None and size == after[-1 - same]
    return is_equal and not rows.differ_along(len(before) - 1 - same)


def expanded(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.expand_dims`."""
    axis, rank = tf.get_static_value(tensor.op.inputs[1]), tensor.shape.rank
    if axis is None:
        return rows_module.unknown(tensor.op)
    new = int(axis.item()) % rank
    return placed(operands[0], [a for a in range(rank) if a != new], rank)


def squeezed(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.squeeze`."""
    rows, inner = operands[0], tensor.op.inputs[0]
    sizes = static_sizes(inner)
    if sizes is None or tensor.shape.rank is None:
        ids = rows.in_shape(tf.shape(inner), inner.shape.rank)
        return of_ids(tf.squeeze(ids, tensor.op.get_attr("squeeze_dims") or None))
    removed = {axis % len(sizes) for axis in tensor.op.get_attr("squeeze_dims")}
    removed = removed or {axis for axis, size in enumerate(sizes) if size == 1}
    if rows.source is Source.IDS:
        return of_ids(tf.squeeze(rows.ids, sorted(removed)) if removed else rows.ids)
    if rows.axis in removed:
        return rows_module.unknown(tensor.op)  # a batch of one example
    return rows.along(rows.axis - sum(axis < rows.axis for axis in removed))


def transposed(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a transposed tensor."""
    order = tf.get_static_value(tensor.op.inputs[1])
    if order is None:
        return rows_module.unknown(tensor.op)
    return permuted(operands[0], [int(axis) for axis in order])


def broadcast(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.broadcast_to`."""
    rank, count = tensor.shape.rank, tensor.op.inputs[0].shape.rank
    return placed(operands[0], range(rank - count, rank), rank)


def tiled(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a repeated tensor."""
    rows, (inner, multiples), rank = operands[0], tensor.op.inputs, tensor.shape.rank
    times = tf.get_static_value(multiples)
    if times is not None:
        differ = [rows.differ_along(axis) for axis in range(rank)]
        if all(t == 1 for t, d in zip(times, differ, strict=True) if d):
            return rows
    return of_ids(tf.tile(rows.in_shape(tf.shape(inner), rank), multiples))


def stacked(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.stack`."""
    op, rank = tensor.op, tensor.shape.rank
    axis = op.get_attr("axis") % rank
    if (rows := rows_module.first_unknown(operands)) is not None:
        return rows
    if all(rows.equals(operands[0]) for rows in operands):
        return placed(operands[0], [a for a in range(rank) if a != axis], rank)
    shape = tf.shape(op.inputs[0])
    return of_ids(tf.stack([rows.in_shape(shape, rank - 1) for rows in operands], axis))


def unstacked(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.unstack`."""
    op, rows, rank = tensor.op, operands[0], tensor.shape.rank + 1
    axis = op.get_attr("axis") % rank
    if rows.source is Source.AXIS and rows.axis != axis:
        return rows.along(rows.axis - (axis < rows.axis))
    index = tensor.value_index if rows.differ_along(axis) else 0
    return of_ids(tf.gather(rows.as_ids(rank), index, axis=axis))


def concatenated(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.concat`."""
    *values, axis_tensor = tensor.op.inputs
    axis, rank = tf.get_static_value(axis_tensor), tensor.shape.rank
    operands = operands[: len(values)]
    if axis is None:
        return rows_module.unknown(tensor.op)
    if (rows := rows_module.first_unknown(operands)) is not None:
        return rows
    first = operands[0]
    if all(rows.equals(first) for rows in operands) and not first.differ_along(int(axis) % rank):
        return first
    pairs = zip(operands, values, strict=True)
    return of_ids(tf.concat([rows.in_shape(tf.shape(v), rank) for rows, v in pairs], axis))


def split(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a part of a tensor."""
    op = tensor.op
    is_even = op.type == "Split"
    rows, axis_tensor = (operands[1], op.inputs[0]) if is_even else (operands[0], op.inputs[2])
    axis, rank = tf.get_static_value(axis_tensor), tensor.shape.rank
    if not rows.are_known:
        return rows
    if axis is None:
        return rows_module.unknown(op)
    if not rows.differ_along(int(axis) % rank):
        return rows
    sizes = len(op.outputs) if is_even else op.inputs[1]
    parts = tf.split(rows.as_ids(rank), sizes, int(axis), num=len(op.outputs))
    return of_ids(parts[tensor.value_index])


def padded(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a padded tensor, whose padding has no rows."""
    rows, (inner, paddings, *_) = operands[0], tensor.op.inputs
    amounts = tf.get_static_value(paddings)
    if amounts is not None and not amounts.any():
        return rows
    ids = rows.in_shape(tf.shape(inner), tensor.shape.rank)
    return of_ids(tf.pad(ids, paddings, constant_values=NO_ROW))


RULES: dict[str, Rule] = {
    "BroadcastTo": broadcast,
    "ConcatV2": concatenated,
    "ExpandDims": expanded,
    "Pack": stacked,
    "Pad": padded,
    "PadV2": padded,
    "Reshape": reshaped,
    "Split": split,
    "SplitV": split,
    "Squeeze": squeezed,
    "Tile": tiled,
    "Transpose": transposed,
    "Unpack": unstacked,
}
# These rules do not need a static rank.
OF_ANY_RANK = frozenset({"Reshape", "Squeeze"})
# Rules that only move the rows of the first operand. They are not asked if it has no known rows.
OF_THE_FIRST = frozenset(RULES) - {"ConcatV2", "Pack", "Split"}
