"""Rules for the rows of values: elementwise operations, reductions, products, layers and losses.

A rule takes the rows of an operation's operands, in order, and the tensor that the operation gives.
It returns the rows of that tensor.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from estimator_compat.losses import rows as rows_module
from estimator_compat.losses.rows import (
    NONE,
    Rows,
    Source,
    contracted,
    merged,
    placed,
    static_sizes,
)
from estimator_compat.type_aliases import Tensor

Rule: TypeAlias = Callable[[Sequence[Rows], Tensor], Rows]

_ELEMENTWISE = """
    Abs Acos Acosh Add AddN AddV2 AsString Asin Asinh Atan Atan2 Atanh BiasAdd BitwiseAnd BitwiseOr
    Bucketize Cast Ceil CheckNumerics ClipByValue Cos Cosh Digamma Div DivNoNan Elu Equal Erf Erfc
    Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual Inv IsFinite IsInf IsNan LeakyRelu Less
    LessEqual Lgamma Log Log1p LogicalAnd LogicalNot LogicalOr Maximum Minimum Mod Mul MulNoNan Neg
    NextAfter NotEqual Polygamma Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt SelectV2 Selu
    Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square SquaredDifference StringJoin StringLower
    StringToHashBucketFast StringToHashBucket StringToNumber StringUpper Sub Tan Tanh TruncateDiv
    TruncateMod Xdivy Xlog1py Xlogy Zeta"""
_RENAMES = "EnsureShape Identity PlaceholderWithDefault PreventGradient Snapshot StopGradient"
_SAMPLERS = "FixedUnigram LearnedUnigram LogUniform ThreadUnsafeUnigram Uniform"
_REDUCTIONS = "All Any EuclideanNorm Max Mean Min Prod Sum"
_ALONG_THE_LAST_AXIS = "LogSoftmax Softmax"
_CUMULATIVE = "Cumprod Cumsum CumulativeLogsumexp"
_LAYERS = """
    AvgPool AvgPool3D Conv2D Conv3D DepthToSpace DepthwiseConv2dNative LRN MaxPool MaxPool3D
    ResizeBilinear ResizeNearestNeighbor SpaceToDepth"""


def elementwise(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows that the operands of an elementwise operation agree on."""
    sizes = map(static_sizes, tensor.op.inputs)
    return merged(tensor.op, list(zip(operands, sizes, strict=True)), tensor.shape.rank)


def renamed(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of an operation that gives its first operand, perhaps of unknown rank."""
    rows, rank = operands[0], tensor.op.inputs[0].shape.rank
    if rows.source is Source.AXIS and tensor.shape.rank is None:
        return rows_module.of_ids(rows.as_ids(rank))
    return rows


def renamed_one_by_one(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of an operation that gives each of its operands."""
    return operands[int(tensor.value_index)]


def selected(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of `Select`, whose condition may be a vector over the first axis."""
    rank = tensor.shape.rank
    condition, *sizes = map(static_sizes, tensor.op.inputs)
    rows = operands[0]
    if condition is None or rank is None:
        return rows_module.unknown(tensor.op)
    if len(condition) == 1 < rank:
        rows, condition = placed(rows, [0], rank), [*condition, *[1] * (rank - 1)]
    values = zip(operands[1:], sizes, strict=True)
    return merged(tensor.op, [(rows, condition), *values], rank)


def reduced(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a reduction over axes."""
    op = tensor.op
    rank, axes = op.inputs[0].shape.rank, tf.get_static_value(op.inputs[1])
    if not operands[0].are_known:
        return operands[0]
    if axes is None or rank is None:
        return rows_module.unknown(op)
    axes = {int(axis) % rank for axis in axes.reshape(-1)} if rank else set()
    return contracted(op, operands[0], sorted(axes), rank, keep=bool(op.get_attr("keep_dims")))


def reduced_whole(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a reduction to one number, such as `tf.nn.l2_loss`."""
    rank = tensor.op.inputs[0].shape.rank
    return contracted(tensor.op, operands[0], range(rank), rank, keep=False)


def argument(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of an argmax or argmin."""
    op = tensor.op
    axis = tf.get_static_value(op.inputs[1])
    if axis is None:
        return operands[0] if not operands[0].are_known else rows_module.unknown(op)
    rank = op.inputs[0].shape.rank
    return contracted(op, operands[0], [int(axis) % rank], rank, keep=False)


def along_the_last_axis(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of an operation that combines elements along the last axis."""
    rank = tensor.shape.rank
    return contracted(tensor.op, operands[0], [rank - 1], rank, keep=True)


def cumulative(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a running sum or product."""
    axis, rank = tf.get_static_value(tensor.op.inputs[1]), tensor.shape.rank
    if axis is None:
        return operands[0] if not operands[0].are_known else rows_module.unknown(tensor.op)
    return contracted(tensor.op, operands[0], [int(axis) % rank], rank, keep=True)


def layer(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a layer that keeps the first axis and combines the others."""
    rows, rank = operands[0], tensor.op.inputs[0].shape.rank
    if any(other.source is not Source.NONE for other in operands[1:]):
        return rows_module.unknown(tensor.op)
    if rows.are_known and any(rows.differ_along(axis) for axis in range(1, rank)):
        return rows_module.unknown(tensor.op)
    return rows


def batch_normalized(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of batch normalization, which combines examples if it is training."""
    if tensor.op.get_attr("is_training") and operands[0].are_known:
        return rows_module.several(tensor.op)
    return layer(operands, tensor) if tensor.value_index == 0 else operands[0]


def product(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a product of matrices, or of batches of matrices."""
    op = tensor.op
    names = ("transpose_a", "transpose_b") if op.type == "MatMul" else ("adj_x", "adj_y")
    factors = []
    for position, (rows, factor) in enumerate(zip(operands, op.inputs, strict=True)):
        rank, is_transposed = factor.shape.rank, bool(op.get_attr(names[position]))
        summed = rank - 1 if (position == 0) != is_transposed else rank - 2
        rows = contracted(op, rows, [summed], rank, keep=True)
        sizes = factor.shape.as_list()
        sizes[summed] = 1
        if is_transposed:
            rows, sizes = _transposed(rows, rank), [*sizes[:-2], sizes[-1], sizes[-2]]
        factors.append((rows, sizes))
    return merged(op, factors, tensor.shape.rank)


def _transposed(rows: Rows, rank: int) -> Rows:
    """Swaps the last two axes."""
    swapped = {rank - 1: rank - 2, rank - 2: rank - 1}
    if rows.source is Source.AXIS:
        return rows.along(swapped.get(rows.axis, rows.axis))
    return rows_module.of_ids(tf.linalg.matrix_transpose(rows.ids)) if rows.are_known else rows


def cross_entropy(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of the losses of a softmax cross entropy."""
    op = tensor.op
    if tensor.value_index != 0:
        return rows_module.unknown(op)  # the gradients
    by_example = [
        contracted(op, rows, range(1, operand.shape.rank), operand.shape.rank, keep=False)
        for rows, operand in zip(operands, op.inputs, strict=True)
    ]
    return merged(op, [(rows, [None]) for rows in by_example], 1)


def connectionist(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a CTC loss: the second axis of its logits, and its lengths."""
    if tensor.value_index != 0:
        return rows_module.unknown(tensor.op)  # the gradients
    logits = contracted(tensor.op, operands[0], [0, 2], 3, keep=False)
    return merged(tensor.op, [(logits, [None]), (operands[3], [None])], 1)


def looked_up(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a lookup in a table: those of its keys."""
    del tensor
    return operands[1] if operands[0].source in (Source.NONE, Source.UNKNOWN) else operands[0]


def summed_products(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of `tf.einsum`."""
    op = tensor.op
    inputs, _, output = op.get_attr("equation").decode().partition("->")
    if "." in inputs:
        return rows_module.unknown(op)
    factors = []
    for labels, rows in zip(inputs.split(","), operands, strict=True):
        gone = [axis for axis, label in enumerate(labels) if label not in output]
        left = [label for label in labels if label in output]
        rows = contracted(op, rows, gone, len(labels), keep=False)
        order = sorted(range(len(left)), key=[output.index(label) for label in left].__getitem__)
        rows = placed(permuted(rows, order), sorted(map(output.index, left)), len(output))
        factors.append((rows, [None if label in left else 1 for label in output]))
    return merged(op, factors, len(output))


def permuted(rows: Rows, order: Sequence[int]) -> Rows:
    """Returns the rows of a transposed tensor, whose axis `i` was the axis `order[i]`."""
    if rows.source is Source.AXIS:
        return rows.along(list(order).index(rows.axis))
    return rows_module.of_ids(tf.transpose(rows.ids, order)) if rows.are_known else rows


def parsed(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a dense tensor that was parsed out of serialized Examples."""
    op = tensor.op
    sparse = int(op.get_attr("Nsparse" if op.type == "ParseExample" else "num_sparse"))
    is_dense = 0 <= tensor.value_index - 3 * sparse < len(op.get_attr("Tdense"))
    return operands[0] if is_dense else rows_module.unknown(op)


def sampled_classes(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of a sampler of classes: only its second result is about the labels."""
    return operands[0] if tensor.value_index == 1 else NONE


def with_one_more_axis(operands: Sequence[Rows], tensor: Tensor) -> Rows:
    """Returns the rows of an operation that adds an axis at the end, such as `tf.io.decode_raw`."""
    rank = tensor.shape.rank
    return placed(operands[0], range(rank - 1), rank)


# These rules do not need a static rank.
OF_ANY_RANK = frozenset((*_ELEMENTWISE.split(), *_RENAMES.split(), "IdentityN"))
RULES: dict[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE.split(), elementwise),
    **dict.fromkeys(_RENAMES.split(), renamed),
    **dict.fromkeys(_REDUCTIONS.split(), reduced),
    **dict.fromkeys(_ALONG_THE_LAST_AXIS.split(), along_the_last_axis),
    **dict.fromkeys(_CUMULATIVE.split(), cumulative),
    **dict.fromkeys(_LAYERS.split(), layer),
    **dict.fromkeys((f"{name}CandidateSampler" for name in _SAMPLERS.split()), sampled_classes),
    "ArgMax": argument,
    "ArgMin": argument,
    "BatchMatMul": product,
    "BatchMatMulV2": product,
    "CTCLoss": connectionist,
    "CTCLossV2": connectionist,
    "DecodeRaw": with_one_more_axis,
    "Einsum": summed_products,
    "FusedBatchNorm": batch_normalized,
    "FusedBatchNormV3": batch_normalized,
    "IdentityN": renamed_one_by_one,
    "L2Loss": reduced_whole,
    "LookupTableFindV2": looked_up,
    "MatMul": product,
    "ParseExample": parsed,
    "ParseExampleV2": parsed,
    "Select": selected,
    "SoftmaxCrossEntropyWithLogits": cross_entropy,
    "SparseSoftmaxCrossEntropyWithLogits": cross_entropy,
}
