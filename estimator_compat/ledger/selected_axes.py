"""Names the axes after ops that select elements: gather, slice, partition.

Each rule names the axes of a tensor by the axes of its op's inputs. It returns None if the axes
cannot be followed through the op.
"""

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.axis_names import (
    OTHER,
    SELECTED,
    AxisFollower,
    AxisNames,
    is_batch,
)
from estimator_compat.type_aliases import Tensor


def gathered(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.gather`, or after the gather of a variable's rows."""
    op = tensor.op
    if op.type == "ResourceGather":
        row_rank = tensor.shape.rank - (op.inputs[1].shape.rank or 0)
        names, axis_value = (OTHER,) * (row_rank + 1), np.int32(0)
    else:
        names, axis_value = axes.of(op.inputs[0], depth), tf.get_static_value(op.inputs[2])
    indices = axes.of(op.inputs[1], depth)
    if names is None or indices is None or axis_value is None or op.get_attr("batch_dims"):
        return None
    axis = axis_value.item() % len(names)
    if is_batch(names[axis]) and indices and not any(map(is_batch, indices)):
        indices = (SELECTED, *indices[1:])
    return (*names[:axis], *indices, *names[axis + 1 :])


def gathered_by_indices(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.gather_nd`: the axes of the indices come first."""
    indices = axes.of(tensor.op.inputs[1], depth)
    if not indices:
        return None
    return (*indices[:-1], *(None,) * (tensor.shape.rank - len(indices) + 1))


def selected(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after an op that selects elements by their values, such as `tf.where`."""
    del axes, depth
    return (SELECTED, *(None,) * (tensor.shape.rank - 1))


def largest(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.math.top_k`, which selects from the last axis, or sorts it."""
    names = axes.of(tensor.op.inputs[0], depth)
    if not names:
        return None
    return (*names[:-1], SELECTED if is_batch(names[-1]) else OTHER)


def sliced(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes of a strided slice, such as `x[:, 1:3, tf.newaxis]`."""
    op = tensor.op
    names = axes.of(op.inputs[0], depth)
    count = op.inputs[1].shape.as_list()[0]
    masks = {
        name: op.get_attr(f"{name}_mask")
        for name in ("begin", "end", "shrink_axis", "new_axis", "ellipsis")
    }
    if names is None or count is None or masks["ellipsis"]:
        return None
    sliced_names: list[str | None] = []
    unsliced = list(names)
    for index in range(count):
        flags = {name for name, mask in masks.items() if mask >> index & 1}
        if "new_axis" in flags:
            sliced_names.append("1")
            continue
        name = unsliced.pop(0)
        if "shrink_axis" not in flags:
            is_whole = flags >= {"begin", "end"}
            sliced_names.append(name if is_whole else SELECTED if is_batch(name) else OTHER)
    return (*sliced_names, *unsliced)
