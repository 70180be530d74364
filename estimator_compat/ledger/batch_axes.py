"""Finds the batch axis of each tensor, by following the axes of features and labels.

An axis that cannot be followed has no name. An axis is not taken for the batch because of its size
alone: a sequence may be as long as the batch is large.
"""

from collections.abc import Callable, Iterable

import tensorflow as tf

from estimator_compat.ledger import reshaped_axes, selected_axes
from estimator_compat.ledger.axis_names import (
    BATCH,
    OTHER,
    AxisFollower,
    AxisNames,
    broadcast_names,
    is_batch,
)
from estimator_compat.type_aliases import Operation, Tensor

# How many ops to follow at most, one after another.
_DEPTH = 150
_UNARY = """
    Abs AddN BiasAdd Cast CheckNumerics Elu EnsureShape Erf Exp Expm1 Floor Identity IsFinite IsNan
    LeakyRelu Log Log1p LogSoftmax LogicalNot Neg OnesLike PreventGradient Reciprocal Relu Relu6
    Round Rsqrt Selu Sigmoid Sign Snapshot Softmax Softplus Softsign Sqrt Square StopGradient Tanh
    ZerosLike"""
_BINARY = """
    Add AddV2 Div DivNoNan Equal FloorDiv Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr
    Maximum Minimum Mod Mul MulNoNan NotEqual Pow RealDiv SelectV2 SquaredDifference Sub Xdivy Xlogy
    """
ELEMENTWISE = frozenset((_UNARY + _BINARY).split())
_REDUCTIONS = frozenset({"All", "Any", "Max", "Mean", "Min", "Prod", "Sum"})
_KEEP_FIRST_AXIS = frozenset({"Conv2D", "MaxPool", "AvgPool", "FusedBatchNorm", "FusedBatchNormV3"})
# Variables and constants do not grow with the batch.
_WITHOUT_BATCH = frozenset({"Const", "ReadVariableOp", "Tile", "Variable", "VariableV2"})


class Axes:
    """The names of the axes of a graph's tensors.

    Args:
      inputs: The dense tensors of features and labels.
      sparse_parts: The tensors that sparse features consist of.

    Attributes:
      batch: The static size of the batch: the most frequent size of the inputs' first axes; None if
        it is not static, or if there are no inputs.
    """

    def __init__(self, inputs: Iterable[Tensor], sparse_parts: Iterable[Tensor] = ()) -> None:
        inputs = [tensor for tensor in inputs if tensor.shape.rank]
        sizes = [tensor.shape.as_list()[0] for tensor in inputs]
        self._has_inputs = bool(sizes)
        self.batch: int | None = max(sizes, key=sizes.count) if sizes else None
        self._names: dict[str, AxisNames | None] = {t.name: self._of_input(t) for t in inputs}
        self._names |= {t.name: (OTHER,) * t.shape.rank for t in sparse_parts if t.shape.rank}

    def names(self, tensor: Tensor) -> tuple[str, ...]:
        """Names all axes of a tensor, of known rank or not.

        If no axis is the batch, and exactly one axis could not be followed, that axis is named
        `batch`. Without features and labels, the first axis that could not be followed is named
        `batch`.
        """
        names = self.of(tensor)
        if names is None:
            return (OTHER,)
        unnamed = [axis for axis, name in enumerate(names) if name is None]
        if not any(map(is_batch, names)) and (
            len(unnamed) == 1 or (unnamed and not self._has_inputs)
        ):
            names = (*names[: unnamed[0]], BATCH, *names[unnamed[0] + 1 :])
        return tuple(name or OTHER for name in names)

    def of(self, tensor: Tensor, depth: int = _DEPTH) -> AxisNames | None:
        """Names the axes of a tensor that can be followed.

        Args:
          tensor: A tensor of the graph.
          depth: How many ops to follow at most, one after another.

        Returns:
          A name for each axis, None for one that cannot be followed; None for a tensor of unknown
          rank.
        """
        if tensor.name not in self._names:
            rank = tensor.shape.rank
            names = self._followed(tensor, depth - 1) if rank and depth else None
            if rank is not None and (names is None or len(names) != rank):
                names = (None,) * rank
            self._names[tensor.name] = None if names is None else self._with_sizes(tensor, names)
        return self._names[tensor.name]

    def _of_input(self, tensor: Tensor) -> AxisNames:
        sizes = tensor.shape.as_list()
        batch_axis = sizes.index(self.batch) if self.batch in sizes else None
        return tuple(
            BATCH if axis == batch_axis else OTHER if size is None else str(size)
            for axis, size in enumerate(sizes)
        )

    def _with_sizes(self, tensor: Tensor, names: AxisNames) -> AxisNames:
        """Names the axes that are certainly not the batch by their static sizes."""
        sizes = tensor.shape.as_list()
        return tuple(
            str(size)
            if size is not None and (name == OTHER or (name is None and size != self.batch))
            else name
            for name, size in zip(names, sizes, strict=True)
        )

    def _followed(self, tensor: Tensor, depth: int) -> AxisNames | None:
        op, op_type = tensor.op, tensor.op.type
        if op_type in ELEMENTWISE:
            return broadcast_names(self, op.inputs, tensor.shape.rank, depth)
        if op_type in _REDUCTIONS:
            return _reduced(self, op, depth)
        if op_type in _KEEP_FIRST_AXIS:
            names = self.of(op.inputs[0], depth)
            return (names[0], *(OTHER,) * (tensor.shape.rank - 1)) if names else None
        if op_type in _WITHOUT_BATCH:
            rank: int = tensor.shape.rank
            return (OTHER,) * rank
        rule = _RULES.get(op_type)
        return rule(self, tensor, depth) if rule else None


def _reduced(axes: AxisFollower, op: Operation, depth: int) -> AxisNames | None:
    names, reduced = axes.of(op.inputs[0], depth), tf.get_static_value(op.inputs[1])
    if names is None or reduced is None:
        return None
    if names.count(None) > 1 and not any(map(is_batch, names)):
        # Any of the axes without a name may be the batch. The reduction may leave only one of them,
        # and the method `names` would then take it for the batch. So all of them get names.
        names = tuple(name or OTHER for name in names)
    reduced_axes = {int(axis) % len(names) for axis in reduced.reshape(-1)}
    if op.get_attr("keep_dims"):
        return tuple("1" if axis in reduced_axes else name for axis, name in enumerate(names))
    return tuple(name for axis, name in enumerate(names) if axis not in reduced_axes)


def _matrix_product(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    op = tensor.op
    left, right = (axes.of(factor, depth) for factor in op.inputs)
    if left is None or right is None:
        return None
    attributes = ("transpose_a", "transpose_b") if op.type == "MatMul" else ("adj_x", "adj_y")
    left_is_transposed, right_is_transposed = (op.get_attr(name) for name in attributes)
    row, column = left[-1 if left_is_transposed else -2], right[-2 if right_is_transposed else -1]
    return (*left[:-2], row, column)


def _same(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    return axes.of(tensor.op.inputs[tensor.value_index], depth)


def _one_hot(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    if tensor.op.get_attr("axis") != -1:
        return None
    return (*(axes.of(tensor.op.inputs[0], depth) or ()), OTHER)


def _select(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes after the op Select, whose condition may be a vector over the first axis."""
    return broadcast_names(axes, tensor.op.inputs[1:], tensor.shape.rank, depth)


def _cross_entropy(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes of the losses and of their gradients, the two outputs of the op."""
    return broadcast_names(axes, tensor.op.inputs, 2, depth)[: tensor.shape.rank]


def _sparse_cross_entropy(axes: AxisFollower, tensor: Tensor, depth: int) -> AxisNames | None:
    """Names the axes of the losses after the axes of the labels; gradients have no names."""
    return axes.of(tensor.op.inputs[1], depth) if tensor.value_index == 0 else None


_RULES: dict[str, Callable[[AxisFollower, Tensor, int], AxisNames | None]] = {
    "BatchMatMulV2": _matrix_product,
    "ConcatV2": reshaped_axes.concatenated,
    "DynamicPartition": selected_axes.selected,
    "ExpandDims": reshaped_axes.expanded,
    "GatherNd": selected_axes.gathered_by_indices,
    "GatherV2": selected_axes.gathered,
    "IdentityN": _same,
    "MatMul": _matrix_product,
    "OneHot": _one_hot,
    "Pack": reshaped_axes.stacked,
    "Pad": reshaped_axes.padded,
    "PadV2": reshaped_axes.padded,
    "Reshape": reshaped_axes.reshaped,
    "ResourceGather": selected_axes.gathered,
    "Select": _select,
    "SoftmaxCrossEntropyWithLogits": _cross_entropy,
    "SparseSoftmaxCrossEntropyWithLogits": _sparse_cross_entropy,
    "Split": reshaped_axes.split,
    "SplitV": reshaped_axes.split,
    "Squeeze": reshaped_axes.squeezed,
    "StridedSlice": selected_axes.sliced,
    "TopKV2": selected_axes.largest,
    "Transpose": reshaped_axes.transposed,
    "Unpack": reshaped_axes.unstacked,
    "Where": selected_axes.selected,
}
