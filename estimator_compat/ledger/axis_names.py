"""Names of a tensor's axes: which axis holds the examples of the batch."""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

import tensorflow as tf

from estimator_compat.type_aliases import Tensor

BATCH, SELECTED, OTHER = "batch", "selected", "?"

AxisNames: TypeAlias = tuple[str | None, ...]
"""A name for each axis.

`batch` has the batch's examples, `batch*7` seven elements of each, `batch*?` an unknown number.
`selected` has elements that were chosen from a batch axis. A number is the size of an axis that is
not the batch, `?` an axis that is not the batch and has no static size. None is an axis that could
not be followed to the inputs.
"""


class AxisFollower(Protocol):
    """Follows axes through the graph, from a tensor back to the features and labels."""

    def of(self, tensor: Tensor, depth: int = ...) -> AxisNames | None:
        """Names the axes of a tensor.

        Args:
          tensor: A tensor of the graph.
          depth: How many ops to follow at most, one after another.

        Returns:
          A name for each axis; None for a tensor of unknown rank.
        """


def is_batch(name: str | None) -> bool:
    """Returns whether an axis has the batch's examples, or elements chosen from them."""
    return name is not None and name.startswith((BATCH, SELECTED))


def broadcast_names(
    axes: AxisFollower, tensors: Iterable[Tensor], rank: int, depth: int
) -> AxisNames:
    """Names the axes of tensors that are broadcast together.

    Args:
      axes: Names the axes of each tensor.
      tensors: The tensors; their last axes are aligned.
      rank: The rank of the result.
      depth: How many ops to follow at most.
    """
    names: list[str | None] = [None] * rank
    for tensor in tensors:
        tensor_names = axes.of(tensor, depth) or ()
        aligned = range(rank - len(tensor_names), rank)
        for axis, name in zip(aligned, tensor_names, strict=True):
            # An elementwise op with the batch gives a result that has the batch at the same axis.
            if names[axis] in (None, "1") or (is_batch(name) and not is_batch(names[axis])):
                names[axis] = name
    return tuple(names)


def is_size_of(axes: AxisFollower, shape: Tensor, name: str | None) -> bool:
    """Returns whether a shape starts with the size of the batch axis, and `name` is that axis.

    Args:
      axes: Names the axes of the tensor whose shape was taken.
      shape: A tensor of sizes, such as the second argument of `tf.reshape`.
      name: The name of an axis.
    """
    if shape.op.type != "Pack":
        return False
    first = shape.op.inputs[0].op
    if first.type != "StridedSlice" or first.inputs[0].op.type != "Shape":
        return False
    index, names = tf.get_static_value(first.inputs[1]), axes.of(first.inputs[0].op.inputs[0])
    return bool(names and index is not None and names[int(index[0])] == name == BATCH)
