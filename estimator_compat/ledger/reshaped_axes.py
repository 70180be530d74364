"""Names the axes after ops that change a shape: reshape, transpose, stack, concatenate, pad, split.

Each rule names the axes of a tensor by the axes of its op's inputs. It returns None if the axes
cannot be followed through the op.
"""

from collections.abc import Iterable

import tensorflow as tf

from estimator_compat.ledger.axis_names import (
    OTHER,
    AxisFollower,
    AxisNames,
    broadcast_names,
    is_batch,
    is_size_of,
)
from estimator_compat.type_aliases import Tensor


def transposed(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes of a transposed tensor."""
    op = tensor.op
    names, permutation = axes.of(op.inputs[0], depth), tf.get_static_value(op.inputs[1])
    if names is None or permutation is None:
        return None
    return tuple(names[int(axis)] for axis in permutation)


def expanded(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.expand_dims`."""
    names, axis = axes.of(tensor.op.inputs[0], depth), tf.get_static_value(tensor.op.inputs[1])
    if names is None or axis is None:
        return None
    index = axis.item() % (len(names) + 1)  # `axis` has one element, and any rank
    return (*names[:index], "1", *names[index:])


def squeezed(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.squeeze`."""
    names = axes.of(tensor.op.inputs[0], depth)
    if names is None:
        return None
    removed = {axis % len(names) for axis in tensor.op.get_attr("squeeze_dims")}
    removed = removed or {axis for axis, name in enumerate(names) if name == "1"}
    return tuple(name for axis, name in enumerate(names) if axis not in removed)


def reshaped(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Follows the batch while it is the first axis: [batch, 7, 3] to [batch*7, 3] and back."""
    inner, shape = tensor.op.inputs
    if shape.op.type == "Shape":
        return axes.of(shape.op.inputs[0], depth)
    names, rank = axes.of(inner, depth), tensor.shape.rank
    not_batch = (OTHER,) * rank
    if not names or not is_batch(names[0]):
        return not_batch if names and names[0] else None
    before, after = inner.shape.as_list()[1:], tensor.shape.as_list()[1:]
    first, _, times = str(names[0]).partition("*")
    if None not in (*before, *after) and times != OTHER and _product(after):
        factor, remainder = divmod(int(times or 1) * _product(before), _product(after))
        return not_batch if remainder else (_multiplied(first, factor), *not_batch[1:])
    if None not in after and (not after or before[-len(after) :] == after):
        merged = before[: len(before) - len(after)]
        return (names[0] if not merged else f"{first}*{OTHER}", *not_batch[1:])
    if is_size_of(axes, shape, names[0]):
        return (names[0], *not_batch[1:])
    is_open = tensor.shape.as_list()[0] is None and None in after
    return None if is_open else not_batch


def _product(sizes: Iterable[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _multiplied(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name}*{factor}"


def stacked(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.stack`."""
    op = tensor.op
    names = broadcast_names(axes, op.inputs, tensor.shape.rank - 1, depth)
    axis = op.get_attr("axis") % tensor.shape.rank
    return (*names[:axis], str(len(op.inputs)), *names[axis:])


def unstacked(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.unstack`."""
    names = axes.of(tensor.op.inputs[0], depth)
    if names is None:
        return None
    axis = tensor.op.get_attr("axis") % len(names)
    return (*names[:axis], *names[axis + 1 :])


def concatenated(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.concat`, whose axis is not the batch any more."""
    *values, axis_tensor = tensor.op.inputs
    axis = tf.get_static_value(axis_tensor)
    if axis is None:
        return None
    names = list(broadcast_names(axes, values, tensor.shape.rank, depth))
    names[axis.item()] = OTHER
    return tuple(names)


def padded(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after `tf.pad`; an axis that was padded is not the batch any more."""
    value = tensor.op.inputs[0]
    names, paddings = axes.of(value, depth), tf.get_static_value(tensor.op.inputs[1])
    if names is None:
        return None
    sizes = zip(value.shape.as_list(), tensor.shape.as_list(), strict=True)
    is_padded = [None in pair or pair[0] != pair[1] for pair in sizes]
    if paddings is not None:
        is_padded = [bool(pair.any()) for pair in paddings]
    return tuple(OTHER if grown else name for grown, name in zip(is_padded, names, strict=True))


def split(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes of a part of a tensor, such as the part that one device gets.

    If there is only one part, its batch axis is still the batch.
    """
    op = tensor.op
    value, axis_tensor = op.inputs[::-1][:2] if op.type == "Split" else (op.inputs[0], op.inputs[2])
    names, axis = axes.of(value, depth), tf.get_static_value(axis_tensor)
    if names is None or axis is None or len(op.outputs) == 1:
        return names
    split_axis = int(axis) % len(names)
    return tuple(None if axis == split_axis else name for axis, name in enumerate(names))
