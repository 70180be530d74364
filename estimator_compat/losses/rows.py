"""The rows of a tensor: from which example of the input each of its elements comes.

An input_fn yields batches, and an example is a row of a batch: the first axis of each feature and
label counts the rows from 0. `row_follower` finds the rows of a tensor by following the operations
from the inputs to the tensor. There are five cases, the `Source`s.

Rows that are not simply the positions along one axis are computed in the graph, beside the model,
from the same indices and masks that the model uses.
"""

import dataclasses
import enum
from collections.abc import Collection, Sequence
from typing import TypeAlias

import tensorflow as tf

from estimator_compat.type_aliases import Tensor

# Numbers that stand in a tensor of rows instead of a row.
NO_ROW = -1  # an element that depends on no example, such as padding
SEVERAL_ROWS = -2  # an element that depends on several examples

Sizes: TypeAlias = Sequence[int | None] | None
"""The static sizes of a tensor; None for a tensor of unknown rank."""


class Source(enum.Enum):
    """What is known about the rows of a tensor."""

    NONE = enum.auto()  # no element depends on an example
    AXIS = enum.auto()  # the positions along one axis are the rows
    IDS = enum.auto()  # a tensor has the row of each element
    SEVERAL = enum.auto()  # the elements depend on several examples
    UNKNOWN = enum.auto()  # the rows could not be followed


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a tensor.

    Attributes:
      source: What is known about the rows.
      axis: For AXIS, the axis, from 0.
      size: For AXIS, the number of rows, a scalar int32 tensor.
      ids: For IDS, the row of each element, as an int32 tensor. It has the rank of the tensor, or
        an unknown rank and a shape that broadcasts. An axis along which all rows are equal may have
        the static size 1.
      inputs: The names of the inputs whose examples the rows count.
      reason: For SEVERAL and UNKNOWN, the operation that is the reason, such as `name (Type)`.
    """

    source: Source
    axis: int = 0
    size: Tensor = None
    ids: Tensor = None
    inputs: frozenset[str] = frozenset()
    reason: str = ""

    @property
    def are_known(self) -> bool:
        """Whether the rows are positions along an axis, or computed."""
        return self.source in (Source.AXIS, Source.IDS)

    def along(self, axis: int) -> "Rows":
        """Returns rows that are the positions along another axis; these rows must be AXIS."""
        return dataclasses.replace(self, axis=axis)

    def equals(self, other: "Rows") -> bool:
        """Returns whether these are certainly the same rows."""
        if self.source is not other.source:
            return False
        return self.ids is other.ids if self.source is Source.IDS else self.axis == other.axis

    def differ_along(self, axis: int) -> bool:
        """Returns whether the elements along an axis may have different rows."""
        if self.source is Source.IDS:
            return self.ids.shape.rank is None or self.ids.shape.as_list()[axis] != 1
        return self.source is Source.AXIS and self.axis == axis

    def as_ids(self, rank: int | None) -> Tensor:
        """Returns the row of each element, with size 1 for axes along which rows are equal.

        Args:
          rank: The rank of the tensor whose rows these are; None if it is unknown.
        """
        rank = rank or 0
        if self.source is Source.IDS:
            return self.ids
        if self.source is Source.AXIS:
            shape = [1] * rank
            shape[self.axis] = -1
            return tf.reshape(tf.range(self.size), shape)
        number = NO_ROW if self.source is Source.NONE else SEVERAL_ROWS
        return tf.fill([1] * rank, number)

    def in_shape(self, shape: Tensor, rank: int | None) -> Tensor:
        """Returns the row of each element, for a shape that is a tensor of `rank` sizes."""
        return tf.broadcast_to(self.as_ids(rank), shape)


NONE = Rows(source=Source.NONE)


def static_sizes(tensor: Tensor) -> Sizes:
    """Returns the static sizes of a tensor."""
    return None if tensor.shape.rank is None else tensor.shape.as_list()


def of_ids(ids: Tensor) -> Rows:
    """Returns rows that are computed in the graph."""
    return Rows(source=Source.IDS, ids=ids)


def several(op: tf.Operation) -> Rows:
    """Returns the rows of a tensor whose elements depend on several examples because of an op."""
    return Rows(source=Source.SEVERAL, reason=f"{op.name} ({op.type})")


def unknown(op: tf.Operation) -> Rows:
    """Returns the rows of a tensor that could not be followed through an op."""
    return Rows(source=Source.UNKNOWN, reason=f"{op.name} ({op.type})")


def first_unknown(operands: Sequence[Rows]) -> Rows | None:
    """Returns the first rows that could not be followed, or None."""
    return next((rows for rows in operands if rows.source is Source.UNKNOWN), None)


def placed(rows: Rows, axes: Sequence[int], rank: int) -> Rows:
    """Places the axes of a tensor's rows in a tensor of another rank.

    Args:
      rows: The rows.
      axes: For each axis of the tensor, its axis in the other tensor, in ascending order.
      rank: The rank of the other tensor.
    """
    if rows.source is Source.AXIS:
        return rows.along(axes[rows.axis])
    if rows.source is not Source.IDS or list(axes) == list(range(rank)):
        return rows
    ids = rows.ids
    for axis in sorted(set(range(rank)) - set(axes)):
        ids = tf.expand_dims(ids, axis)
    return of_ids(ids)


def merged(op: tf.Operation, operands: Sequence[tuple[Rows, Sizes]], rank: int | None) -> Rows:
    """Returns the rows of an operation on elements, whose operands are broadcast together.

    Args:
      op: The operation.
      operands: The rows of each operand, and its static sizes. The last axes are aligned.
      rank: The rank of the result; None if it is unknown, because the rank of an operand is.

    Returns:
      The rows that the operands agree on. An operand that could not be followed does not count,
      unless it may be broadcast along the axis of the rows.
    """
    result = NONE
    if rank is None:
        operands = [(_of_unknown_rank(rows, sizes), None) for rows, sizes in operands]
    for rows, sizes in operands:
        if rows.source is not Source.UNKNOWN:
            if rank is not None:
                rows = placed(rows, range(rank - len(sizes or ()), rank), rank)
            result = _merged_pair(op, result, rows, rank)
    for rows, sizes in operands:
        if rows.source is Source.UNKNOWN and not _may_have(sizes, result, rank):
            return rows
    return result


def _of_unknown_rank(rows: Rows, sizes: Sizes) -> Rows:
    """Returns the rows of an operand, for a result whose last axes are aligned as it runs."""
    return of_ids(rows.as_ids(len(sizes or ()))) if rows.source is Source.AXIS else rows


def _merged_pair(op: tf.Operation, first: Rows, second: Rows, rank: int | None) -> Rows:
    for rows, other in ((first, second), (second, first)):
        if rows.source is Source.NONE:
            return other
        if rows.source is Source.SEVERAL:
            return rows
    if first.equals(second):
        return first
    if first.source is second.source is Source.AXIS:
        return several(op)  # pairs of examples
    one, two = first.as_ids(rank), second.as_ids(rank)
    either = tf.where(tf.equal(one, NO_ROW), two, SEVERAL_ROWS)
    either = tf.where(tf.equal(two, NO_ROW), one, either)
    return of_ids(tf.where(tf.equal(one, two), one, either))


def _may_have(sizes: Sizes, rows: Rows, rank: int | None) -> bool:
    """Returns whether an operand that could not be followed may have the rows of a result.

    It cannot, if it has several elements that are all combined with each row, such as a column that
    meets a vector. If several rows have met already, nothing changes that.
    """
    if not rows.are_known:
        return rows.source is Source.SEVERAL
    if sizes is None or rank is None:
        return False
    sizes = [1] * (rank - len(sizes)) + list(sizes)
    if all(size == 1 for size in sizes):
        return True
    return all(sizes[axis] != 1 for axis in range(rank) if rows.differ_along(axis))


def contracted(
    op: tf.Operation, rows: Rows, axes: Collection[int], rank: int, *, keep: bool
) -> Rows:
    """Returns the rows after an operation that combines all elements along some axes.

    Args:
      op: The operation.
      rows: The rows of its operand.
      axes: The axes, from 0.
      rank: The rank of the operand.
      keep: Whether the axes stay, with the size 1.
    """
    if not rows.are_known:
        return rows
    left = [axis for axis in range(rank) if axis not in axes]
    if rows.source is Source.AXIS:
        if rows.axis in axes:
            return several(op)
        return rows if keep else rows.along(left.index(rows.axis))
    ids = rows.ids
    sizes = ids.shape.as_list()
    combined = [axis for axis in axes if sizes[axis] != 1]
    if combined:
        ids = _common_row(ids, combined)
    return of_ids(ids if keep else tf.squeeze(ids, sorted(axes)) if axes else ids)


def _common_row(ids: Tensor, axes: Sequence[int]) -> Tensor:
    """Returns the row that all elements along some axes have; the axes stay, with the size 1."""
    has_several = tf.reduce_any(tf.equal(ids, SEVERAL_ROWS), axes, keepdims=True)
    highest = tf.maximum(tf.reduce_max(ids, axes, keepdims=True), NO_ROW)
    lowest = tf.where(tf.equal(ids, NO_ROW), ids.dtype.max, ids)
    lowest = tf.reduce_min(lowest, axes, keepdims=True)
    differ = tf.not_equal(lowest, highest) & tf.not_equal(highest, NO_ROW)
    return tf.where(has_several | differ, SEVERAL_ROWS, highest)
