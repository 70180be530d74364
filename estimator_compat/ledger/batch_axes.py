"""Which axis of a tensor is the batch: followed through the graph from the features and labels.

An axis that cannot be followed has no name. Sizes alone prove nothing: a sequence may be as long as
the batch is large.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

BATCH, SELECTED, OTHER = "batch", "selected", "?"
# How many ops to follow at most, one behind the other.
_DEPTH = 150
_CHANGES_NOTHING = """
    Abs AddN BiasAdd Cast CheckNumerics Elu EnsureShape Erf Exp Expm1 Floor Identity IsFinite IsNan
    LeakyRelu Log Log1p LogSoftmax LogicalNot Neg OnesLike PreventGradient Reciprocal Relu Relu6
    Round Rsqrt Selu Sigmoid Sign Snapshot Softmax Softplus Softsign Sqrt Square StopGradient Tanh
    ZerosLike"""
_BROADCASTS = """
    Add AddV2 Div DivNoNan Equal FloorDiv Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr
    Maximum Minimum Mod Mul MulNoNan NotEqual Pow RealDiv SelectV2 SquaredDifference Sub Xdivy Xlogy
    """
ELEMENTWISE = frozenset((_CHANGES_NOTHING + _BROADCASTS).split())
_REDUCES = frozenset({"All", "Any", "Max", "Mean", "Min", "Prod", "Sum"})
_KEEPS_FIRST = frozenset({"Conv2D", "MaxPool", "AvgPool", "FusedBatchNorm", "FusedBatchNormV3"})
# Variables and constants do not grow with the batch.
_FIXED = frozenset({"Const", "ReadVariableOp", "Tile", "Variable", "VariableV2"})

# A name for each axis: `batch`, `batch*7`, `selected` (chosen from a batch), a size, `?` for one
# that is known not to be the batch; None where it could not be followed.
Names = tuple[str | None, ...]


def is_batch(name: str | None) -> bool:
    """Tells whether an axis has the batch's examples, or what was chosen from them."""
    return name is not None and name.startswith((BATCH, SELECTED))


class Axes:
    """The names of the axes of a graph's tensors.

    Args:
      given: The dense tensors of features and labels.
      parts: Tensors that sparse features consist of.
    """

    def __init__(self, given: Iterable[Any], parts: Iterable[Any] = ()) -> None:
        given = [tensor for tensor in given if tensor.shape.rank]
        sizes = [tensor.shape.as_list()[0] for tensor in given]
        self.known = bool(sizes)
        self.batch = max(sizes, key=sizes.count) if sizes else None
        self._found: dict[str, Names | None] = {t.name: self._of_input(t) for t in given}
        self._found |= {t.name: (OTHER,) * t.shape.rank for t in parts if t.shape.rank}

    def names(self, tensor: Any) -> tuple[str, ...]:
        """Names all axes of a tensor, of known rank or not.

        The one axis that was not followed counts as the batch, if no other is.
        """
        found = self.of(tensor)
        if found is None:
            return (OTHER,)
        open_axes = [axis for axis, name in enumerate(found) if name is None]
        if not any(map(is_batch, found)) and (
            len(open_axes) == 1 or (open_axes and not self.known)
        ):
            found = (*found[: open_axes[0]], BATCH, *found[open_axes[0] + 1 :])
        return tuple(name or OTHER for name in found)

    def of(self, tensor: Any, depth: int = _DEPTH) -> Names | None:
        """Names the axes that can be followed; None for a tensor of unknown rank."""
        if tensor.name not in self._found:
            rank = tensor.shape.rank
            followed = self._followed(tensor, depth - 1) if rank and depth else None
            if rank is not None and (followed is None or len(followed) != rank):
                followed = (None,) * rank
            self._found[tensor.name] = None if rank is None else self._with_sizes(tensor, followed)
        return self._found[tensor.name]

    def is_size_of(self, shape: Any, name: str | None) -> bool:
        """Tells whether a shape starts with the size of an axis of this name."""
        if shape.op.type != "Pack":
            return False
        first = shape.op.inputs[0].op
        if first.type != "StridedSlice" or first.inputs[0].op.type != "Shape":
            return False
        place, names = tf.get_static_value(first.inputs[1]), self.of(first.inputs[0].op.inputs[0])
        return bool(names and place is not None and names[int(place[0])] == name == BATCH)

    def _of_input(self, tensor: Any) -> Names:
        sizes = tensor.shape.as_list()
        batch = sizes.index(self.batch) if self.batch in sizes else None
        return tuple(
            BATCH if axis == batch else OTHER if size is None else str(size)
            for axis, size in enumerate(sizes)
        )

    def _with_sizes(self, tensor: Any, names: Any) -> Names:
        """Fills in the sizes of axes that are certainly not the batch."""
        sizes = tensor.shape.as_list()
        return tuple(
            str(size)
            if size is not None and (name == OTHER or (name is None and size != self.batch))
            else name
            for name, size in zip(names, sizes, strict=True)
        )

    def _followed(self, tensor: Any, depth: int) -> Names | None:
        op, kind = tensor.op, tensor.op.type
        if kind in ELEMENTWISE:
            return self.joined(op.inputs, tensor.shape.rank, depth)
        if kind in _REDUCES:
            return self._reduced(op, depth)
        if kind in _KEEPS_FIRST:
            first = self.of(op.inputs[0], depth)
            return first and (first[0], *(OTHER,) * (tensor.shape.rank - 1))
        if kind in _FIXED:
            return (OTHER,) * tensor.shape.rank
        rule = _RULES.get(kind)
        return rule(self, tensor, depth) if rule else None

    def joined(self, inputs: Iterable[Any], rank: int, depth: int) -> Names:
        """The names of what is broadcast together, aligned at the last axis."""
        names: list[str | None] = [None] * rank
        for tensor in inputs:
            found = self.of(tensor, depth) or ()
            for axis, name in zip(range(rank - len(found), rank), found, strict=True):
                # What is computed with the batch element by element has the batch there, too.
                if names[axis] in (None, "1") or (is_batch(name) and not is_batch(names[axis])):
                    names[axis] = name
        return tuple(names)

    def _reduced(self, op: Any, depth: int) -> Names | None:
        found, axes = self.of(op.inputs[0], depth), tf.get_static_value(op.inputs[1])
        if found is None or axes is None:
            return None
        if found.count(None) > 1 and not any(map(is_batch, found)):
            found = tuple(name or OTHER for name in found)  # what is left may not be the batch
        chosen = {int(axis) % len(found) for axis in axes.reshape(-1)}
        if op.get_attr("keep_dims"):
            return tuple("1" if i in chosen else name for i, name in enumerate(found))
        return tuple(name for i, name in enumerate(found) if i not in chosen)


def _transposed(axes: Axes, tensor: Any, depth: int) -> Names | None:
    found, order = axes.of(tensor.op.inputs[0], depth), tf.get_static_value(tensor.op.inputs[1])
    return None if found is None or order is None else tuple(found[int(i)] for i in order)


def _expanded(axes: Axes, tensor: Any, depth: int) -> Names | None:
    found, axis = axes.of(tensor.op.inputs[0], depth), tf.get_static_value(tensor.op.inputs[1])
    if found is None or axis is None:
        return None
    place = axis.item() % (len(found) + 1)  # of one element, in whatever rank
    return (*found[:place], "1", *found[place:])


def _squeezed(axes: Axes, tensor: Any, depth: int) -> Names | None:
    found = axes.of(tensor.op.inputs[0], depth)
    if found is None:
        return None
    gone = {axis % len(found) for axis in tensor.op.get_attr("squeeze_dims")}
    gone = gone or {axis for axis, name in enumerate(found) if name == "1"}
    return tuple(name for axis, name in enumerate(found) if axis not in gone)


def _reshaped(axes: Axes, tensor: Any, depth: int) -> Names | None:
    """Follows the batch as long as it stays in front: [batch, 7, 3] to [batch*7, 3] and back."""
    inner, shape = tensor.op.inputs
    if shape.op.type == "Shape":
        return axes.of(shape.op.inputs[0], depth)
    found, rank = axes.of(inner, depth), tensor.shape.rank
    lost = (OTHER,) * rank
    if not found or not is_batch(found[0]):
        return lost if found and found[0] else None
    before, after = inner.shape.as_list()[1:], tensor.shape.as_list()[1:]
    first, _, times = str(found[0]).partition("*")
    if None not in (*before, *after) and times != OTHER and _product(after):
        factor, rest = divmod(int(times or 1) * _product(before), _product(after))
        return lost if rest else (_counted(first, factor), *lost[1:])
    if None not in after and (not after or before[-len(after) :] == after):
        merged = before[: len(before) - len(after)]
        return (found[0] if not merged else f"{first}*{OTHER}", *lost[1:])
    if axes.is_size_of(shape, found[0]):
        return (found[0], *lost[1:])
    open_shape = tensor.shape.as_list()[0] is None and None in after
    return None if open_shape else lost


def _product(sizes: Iterable[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _counted(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name}*{factor}"


def _multiplied(axes: Axes, tensor: Any, depth: int) -> Names | None:
    op = tensor.op
    left, right = (axes.of(one, depth) for one in op.inputs)
    if left is None or right is None:
        return None
    names = ("transpose_a", "transpose_b") if op.type == "MatMul" else ("adj_x", "adj_y")
    turned = [op.get_attr(name) for name in names]
    return (*left[:-2], left[-1 if turned[0] else -2], right[-2 if turned[1] else -1])


def _gathered(axes: Axes, tensor: Any, depth: int) -> Names | None:
    op = tensor.op
    if op.type == "ResourceGather":
        inside = tensor.shape.rank - (op.inputs[1].shape.rank or 0)
        found, axis = (OTHER,) * (inside + 1), np.int32(0)
    else:
        found, axis = axes.of(op.inputs[0], depth), tf.get_static_value(op.inputs[2])
    places = axes.of(op.inputs[1], depth)
    if found is None or places is None or axis is None or op.get_attr("batch_dims"):
        return None
    axis = axis.item() % len(found)
    if is_batch(found[axis]) and places and not any(map(is_batch, places)):
        places = (SELECTED, *places[1:])
    return (*found[:axis], *places, *found[axis + 1 :])


def _gathered_by_places(axes: Axes, tensor: Any, depth: int) -> Names | None:
    places = axes.of(tensor.op.inputs[1], depth)
    if not places:
        return None
    return (*places[:-1], *(None,) * (tensor.shape.rank - len(places) + 1))


def _selected(axes: Axes, tensor: Any, depth: int) -> Names | None:
    return (SELECTED, *(None,) * (tensor.shape.rank - 1))


def _sliced(axes: Axes, tensor: Any, depth: int) -> Names | None:
    op = tensor.op
    found = axes.of(op.inputs[0], depth)
    count = op.inputs[1].shape.as_list()[0]
    masks = {
        name: op.get_attr(f"{name}_mask")
        for name in ("begin", "end", "shrink_axis", "new_axis", "ellipsis")
    }
    if found is None or count is None or masks["ellipsis"]:
        return None
    kept: list[str | None] = []
    left = list(found)
    for place in range(count):
        has = {name for name, mask in masks.items() if mask >> place & 1}
        if "new_axis" in has:
            kept.append("1")
            continue
        name = left.pop(0)
        if "shrink_axis" not in has:
            whole = has >= {"begin", "end"}
            kept.append(name if whole else SELECTED if is_batch(name) else OTHER)
    return (*kept, *left)


def _packed(axes: Axes, tensor: Any, depth: int) -> Names | None:
    op = tensor.op
    found = axes.joined(op.inputs, tensor.shape.rank - 1, depth)
    place = op.get_attr("axis") % tensor.shape.rank
    return (*found[:place], str(len(op.inputs)), *found[place:])


def _unpacked(axes: Axes, tensor: Any, depth: int) -> Names | None:
    found = axes.of(tensor.op.inputs[0], depth)
    if found is None:
        return None
    place = tensor.op.get_attr("axis") % len(found)
    return (*found[:place], *found[place + 1 :])


def _concatenated(axes: Axes, tensor: Any, depth: int) -> Names | None:
    *parts, axis = tensor.op.inputs
    axis = tf.get_static_value(axis)
    if axis is None:
        return None
    found = list(axes.joined(parts, tensor.shape.rank, depth))
    found[axis.item()] = OTHER
    return tuple(found)


def _padded(axes: Axes, tensor: Any, depth: int) -> Names | None:
    """What is padded keeps the axes that did not grow."""
    value = tensor.op.inputs[0]
    found, paddings = axes.of(value, depth), tf.get_static_value(tensor.op.inputs[1])
    if found is None:
        return None
    sizes = zip(value.shape.as_list(), tensor.shape.as_list(), strict=True)
    grown = [None in pair or pair[0] != pair[1] for pair in sizes]
    if paddings is not None:
        grown = [bool(pair.any()) for pair in paddings]
    return tuple(OTHER if more else name for more, name in zip(grown, found, strict=True))


def _split(axes: Axes, tensor: Any, depth: int) -> Names | None:
    """What legacy programs split over devices: into one part, the batch stays the batch."""
    op = tensor.op
    value, axis = op.inputs[::-1][:2] if op.type == "Split" else (op.inputs[0], op.inputs[2])
    found, place = axes.of(value, depth), tf.get_static_value(axis)
    if found is None or place is None or len(op.outputs) == 1:
        return found
    place = int(place) % len(found)
    return tuple(None if axis == place else name for axis, name in enumerate(found))


_RULES: dict[str, Callable[[Axes, Any, int], Names | None]] = {
    "BatchMatMulV2": _multiplied,
    "ConcatV2": _concatenated,
    "DynamicPartition": _selected,
    "ExpandDims": _expanded,
    "GatherNd": _gathered_by_places,
    "GatherV2": _gathered,
    "IdentityN": lambda axes, t, depth: axes.of(t.op.inputs[t.value_index], depth),
    "MatMul": _multiplied,
    "OneHot": lambda axes, t, depth: (
        (*(axes.of(t.op.inputs[0], depth) or ()), OTHER) if t.op.get_attr("axis") == -1 else None
    ),
    "Pack": _packed,
    "Pad": _padded,
    "PadV2": _padded,
    "Reshape": _reshaped,
    "ResourceGather": _gathered,
    "Select": lambda axes, t, depth: axes.joined(t.op.inputs[1:], t.shape.rank, depth),
    "SoftmaxCrossEntropyWithLogits": lambda axes, t, depth: axes.joined(t.op.inputs, 2, depth)[
        : t.shape.rank
    ],
    "SparseSoftmaxCrossEntropyWithLogits": lambda axes, t, depth: (
        axes.of(t.op.inputs[1], depth) if t.value_index == 0 else None
    ),
    "Split": _split,
    "SplitV": _split,
    "Squeeze": _squeezed,
    "StridedSlice": _sliced,
    "Transpose": _transposed,
    "Unpack": _unpacked,
    "Where": _selected,
}
