"""Rules for the rows of reshaped and selected tensors: masks, gathers, sorts, slices, partitions.

Each rule applies the operation that reshapes or selects elements to the rows of these elements. The
indices are the ones that the model computes. See `row_rules` for the arguments of a rule.
"""

from collections.abc import Sequence

import tensorflow as tf

from estimator_compat.losses import rows as rows_module
from estimator_compat.losses.row_rules import Rule, permuted
from estimator_compat.losses.rows import NO_ROW, Rows, Source, merged, of_ids, placed, static_sizes
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
    if (rows := _unfollowed(operands)) is not None:
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
    if (rows := _unfollowed(operands)) is not None:
        return rows
    first = operands[0]
    if all(rows.equals(first) for rows in operands) and not first.differ_along(int(axis) % rank):
        return first
    pairs = zip(operands, values, strict=True)
    return of_ids(tf.concat([rows.in_shape(tf.shape(v), rank) for rows, v in pairs], axis))


def _unfollowed(operands: Sequence[Rows]) -> Rows | None:
    return next((rows for rows in operands if rows.source is Source.UNKNOWN), None)


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


def reordered(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.reverse` and `tf.roll`."""
    op, rows = tensor.op, operands[0]
    ids = rows.in_shape(tf.shape(op.inputs[0]), tensor.shape.rank)
    if op.type == "ReverseV2":
        return of_ids(tf.reverse(ids, op.inputs[1]))
    return of_ids(tf.roll(ids, op.inputs[1], op.inputs[2]))


def sliced(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a slice such as `x[:, 1:3, tf.newaxis]`."""
    op, rows = tensor.op, operands[0]
    inner, begin, end, strides = op.inputs
    masks = {
        name: op.get_attr(name)
        for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    }
    if rows.source is Source.AXIS:
        axes = _whole_axes(masks, begin.shape[0], inner.shape.rank, tf.get_static_value(strides))
        if rows.axis in axes:
            return rows.along(axes[rows.axis])
    ids = rows.in_shape(tf.shape(inner), inner.shape.rank)
    result = tf.raw_ops.StridedSlice(input=ids, begin=begin, end=end, strides=strides, **masks)
    return of_ids(result)


def _whole_axes(
    masks: dict[str, int], count: int | None, rank: int, strides: Sequence[int] | None
) -> dict[int, int]:
    """Returns the axes that a slice leaves as they are, and their places in the result."""
    if count is None or strides is None or masks["ellipsis_mask"]:
        return {}
    axes, axis, place = {}, 0, 0
    for index in range(count):
        is_set = {name for name, mask in masks.items() if mask >> index & 1}
        if "new_axis_mask" in is_set:
            place += 1
            continue
        if "shrink_axis_mask" not in is_set:
            if is_set >= {"begin_mask", "end_mask"} and strides[index] == 1:
                axes[axis] = place
            place += 1
        axis += 1
    return axes | {a: place + a - axis for a in range(axis, rank)}


def cut(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.slice`."""
    inner, begin, size = tensor.op.inputs
    ids = operands[0].in_shape(tf.shape(inner), tensor.shape.rank)
    return of_ids(tf.slice(ids, begin, size))


def gathered(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.gather`.

    If elements are chosen from an axis of examples, the result has the rows of the chosen elements,
    wherever the indices come from. Otherwise it has the rows of both, which must agree.
    """
    op = tensor.op
    (values, indices), rank = op.inputs[:2], tensor.shape.rank
    axis, batched = tf.get_static_value(op.inputs[2]), op.get_attr("batch_dims")
    if axis is None or values.shape.rank is None or indices.shape.rank is None:
        return rows_module.unknown(op)
    axis, batched = int(axis) % values.shape.rank, batched % (indices.shape.rank + 1)
    rows, more = operands[0], indices.shape.rank - batched
    if rows.are_known and rows.differ_along(axis):
        ids = rows.as_ids(values.shape.rank)
        if batched:
            ones = [1] * (values.shape.rank - batched)
            shape = tf.concat([tf.shape(indices)[:batched], ones], 0)
            ids = tf.broadcast_to(ids, tf.broadcast_dynamic_shape(tf.shape(ids), shape))
        return of_ids(tf.gather(ids, indices, axis=axis, batch_dims=batched))
    after = range(axis + more, rank)
    if rows.source is Source.IDS:
        rows = of_ids(tf.squeeze(rows.ids, axis))
    elif rows.source is Source.AXIS:
        rows = rows.along(rows.axis - (rows.axis > axis))
    rows = placed(rows, [*range(axis), *after], rank)
    chosen = placed(operands[1], [*range(batched), *range(axis, axis + more)], rank)
    sizes = [1 if a in (*range(batched, axis), *after) else None for a in range(rank)]
    value_sizes = [1 if axis <= a < axis + more else None for a in range(rank)]
    return merged(op, [(rows, value_sizes), (chosen, sizes)], rank)


def gathered_from_variable(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of what was looked up in a variable: those of the indices."""
    rank, count = tensor.shape.rank, tensor.op.inputs[1].shape.rank
    return placed(operands[1], range(count), rank) if count is not None else operands[1]


def gathered_by_indices(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.gather_nd`, whose indices have several numbers each."""
    op = tensor.op
    values, indices = op.inputs[:2]
    count = indices.shape[-1] if indices.shape.rank else None
    if count is None or values.shape.rank is None:
        return rows_module.unknown(op)
    rows, rank = operands[0], values.shape.rank
    if not rows.are_known:
        chosen = rows_module.contracted(
            op, operands[1], [indices.shape.rank - 1], indices.shape.rank, keep=False
        )
        chosen = placed(chosen, range(indices.shape.rank - 1), tensor.shape.rank)
        return chosen if rows.source is Source.NONE else rows
    if not any(rows.differ_along(axis) for axis in range(count)):
        return rows_module.unknown(op)
    shape = tf.concat([tf.shape(values)[:count], [1] * (rank - count)], 0)
    ids = rows.as_ids(rank)
    ids = tf.broadcast_to(ids, tf.broadcast_dynamic_shape(tf.shape(ids), shape))
    return of_ids(tf.gather_nd(ids, indices))


def found(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of the indices of `tf.where`: of the elements that are true."""
    condition = tensor.op.inputs[0]
    ids = operands[0].in_shape(tf.shape(condition), condition.shape.rank)
    return of_ids(tf.gather_nd(ids, tensor)[:, tf.newaxis])


def sorted_by_value(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.nn.top_k`, which also sorts."""
    rows, rank, indices = operands[0], tensor.shape.rank, tensor.op.outputs[1]
    if not rows.differ_along(rank - 1):
        return rows
    ids = rows.as_ids(rank)
    shape = tf.concat([tf.shape(indices)[:-1], [1]], 0)
    ids = tf.broadcast_to(ids, tf.broadcast_dynamic_shape(tf.shape(ids), shape))
    return of_ids(tf.gather(ids, indices, axis=rank - 1, batch_dims=rank - 1))


def partitioned(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of one part of `tf.dynamic_partition`."""
    op, rows = tensor.op, operands[0]
    data, partitions = op.inputs
    ones = [1] * (data.shape.rank - partitions.shape.rank)
    shape = tf.concat([tf.shape(partitions), ones], 0)
    ids = rows.as_ids(data.shape.rank)
    ids = tf.broadcast_to(ids, tf.broadcast_dynamic_shape(tf.shape(ids), shape))
    return of_ids(tf.dynamic_partition(ids, partitions, len(op.outputs))[tensor.value_index])


def stitched(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.dynamic_stitch`."""
    op, half = tensor.op, len(tensor.op.inputs) // 2
    indices, values = op.inputs[:half], op.inputs[half:]
    if (unfollowed := _unfollowed(operands[half:])) is not None:
        return unfollowed
    ids = [
        rows.in_shape(tf.shape(value), value.shape.rank)
        for rows, value in zip(operands[half:], values, strict=True)
    ]
    return of_ids(tf.dynamic_stitch(list(indices), ids))


def hot(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.one_hot`."""
    rank = tensor.shape.rank
    new = tensor.op.get_attr("axis") % rank
    return placed(operands[0], [axis for axis in range(rank) if axis != new], rank)


RULES: dict[str, Rule] = {
    "BroadcastTo": broadcast,
    "ConcatV2": concatenated,
    "DynamicPartition": partitioned,
    "DynamicStitch": stitched,
    "ExpandDims": expanded,
    "GatherNd": gathered_by_indices,
    "GatherV2": gathered,
    "OneHot": hot,
    "Pack": stacked,
    "Pad": padded,
    "PadV2": padded,
    "ParallelDynamicStitch": stitched,
    "Reshape": reshaped,
    "ResourceGather": gathered_from_variable,
    "ReverseV2": reordered,
    "Roll": reordered,
    "Slice": cut,
    "Split": split,
    "SplitV": split,
    "Squeeze": squeezed,
    "StridedSlice": sliced,
    "Tile": tiled,
    "TopKV2": sorted_by_value,
    "Transpose": transposed,
    "Unpack": unstacked,
    "Where": found,
}
# These rules do not need a static rank.
OF_ANY_RANK = frozenset({"Reshape", "Squeeze"})
# Rules that only move the rows of the first operand. They are not asked if it has no known rows.
OF_THE_FIRST = frozenset(RULES) - {
    "ConcatV2",
    "DynamicStitch",
    "GatherNd",
    "GatherV2",
    "Pack",
    "ParallelDynamicStitch",
    "ResourceGather",
    "Split",
}
