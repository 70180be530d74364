"""Rules for the rows of selected tensors: gathers, sorts, slices, partitions, segments.

Masks are made of them. Each rule applies the operation that selects elements to the rows of these
elements. The indices are the ones that the model computes. See `row_rules` for the arguments of a
rule.
"""

from collections.abc import Sequence

import tensorflow as tf

from estimator_compat.losses import rows as rows_module
from estimator_compat.losses.row_rules import Rule
from estimator_compat.losses.rows import (
    NO_ROW,
    SEVERAL_ROWS,
    Rows,
    Source,
    merged,
    of_ids,
    placed,
)
from estimator_compat.type_aliases import Tensor


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
        axes = _whole_axes(
            masks, begin.shape.as_list()[0], inner.shape.rank, tf.get_static_value(strides)
        )
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
    count = indices.shape.as_list()[-1] if indices.shape.rank else None
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
    if (unfollowed := rows_module.first_unknown(operands[half:])) is not None:
        return unfollowed
    ids = [
        rows.in_shape(tf.shape(value), value.shape.rank)
        for rows, value in zip(operands[half:], values, strict=True)
    ]
    return of_ids(tf.dynamic_stitch(list(indices), ids))


def in_segments(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of segments that are summed or averaged: the row that all their parts have.

    This is how the losses of words become losses of sentences.
    """
    data, segments = tensor.op.inputs[:2]
    if segments.shape.rank != 1:
        return rows_module.unknown(tensor.op)
    ids = operands[0].as_ids(data.shape.rank)
    ones = [1] * (data.shape.rank - 1)
    shape = tf.concat([tf.shape(segments), ones], 0)
    ids = tf.broadcast_to(ids, tf.broadcast_dynamic_shape(tf.shape(ids), shape))
    count = tf.shape(tensor)[0]
    lowest = tf.where(tf.equal(ids, NO_ROW), ids.dtype.max, ids)
    lowest = tf.math.unsorted_segment_min(lowest, segments, count)
    highest = tf.maximum(tf.math.unsorted_segment_max(ids, segments, count), NO_ROW)
    is_one = tf.equal(lowest, highest) | tf.equal(highest, NO_ROW)
    return of_ids(tf.where(is_one & tf.not_equal(lowest, SEVERAL_ROWS), highest, SEVERAL_ROWS))


def hot(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows after `tf.one_hot`."""
    rank = tensor.shape.rank
    new = tensor.op.get_attr("axis") % rank
    return placed(operands[0], [axis for axis in range(rank) if axis != new], rank)


RULES: dict[str, Rule] = {
    "DynamicPartition": partitioned,
    "DynamicStitch": stitched,
    "GatherNd": gathered_by_indices,
    "GatherV2": gathered,
    "OneHot": hot,
    "ParallelDynamicStitch": stitched,
    "ResourceGather": gathered_from_variable,
    "ReverseV2": reordered,
    "Roll": reordered,
    "Slice": cut,
    "StridedSlice": sliced,
    "SegmentMean": in_segments,
    "SegmentSum": in_segments,
    "TopKV2": sorted_by_value,
    "UnsortedSegmentSum": in_segments,
    "Where": found,
}
# Rules that only move the rows of the first operand. They are not asked if it has no known rows.
OF_THE_FIRST = frozenset(RULES) - {
    "DynamicStitch",
    "GatherNd",
    "GatherV2",
    "ParallelDynamicStitch",
    "ResourceGather",
}
