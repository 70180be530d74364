"""Finds between which numbers the values of a tensor are, from the ops that compute it.

The bounds tell weights, which are not negative, from factors that may be negative.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.op_patterns import RENAMES, renamed
from estimator_compat.type_aliases import Tensor

# How many ops to follow at most, one after another.
_DEPTH = 40


class Bounds(NamedTuple):
    """The least and the greatest value that a tensor may have."""

    low: float
    high: float

    @property
    def not_negative(self) -> bool:
        """Whether no value is negative."""
        return self.low >= 0

    def __neg__(self) -> "Bounds":
        return Bounds(-self.high, -self.low)


ANY = Bounds(-math.inf, math.inf)
_NOT_NEGATIVE = Bounds(0.0, math.inf)
_UNIT = Bounds(0.0, 1.0)


def bounds(tensor: Tensor, *, of_unknown: Bounds = ANY) -> Bounds:
    """Returns the bounds of a tensor's values; NaN is left out of account.

    Args:
      tensor: A tensor of a graph, of numbers or truth values.
      of_unknown: The bounds of inputs, of variables, and of what ops that are not known compute.
        With `(0, inf)`, the answer is what the ops make of values that are not negative.
    """
    return _Finder(of_unknown).of(tensor, _DEPTH)


class _Finder:
    def __init__(self, of_unknown: Bounds) -> None:
        self._of_unknown = of_unknown
        self._found: dict[str, Bounds] = {}

    def of(self, tensor: Tensor, depth: int) -> Bounds:
        if tensor.name not in self._found:
            self._found[tensor.name] = self._followed(tensor, depth - 1) if depth else ANY
        return self._found[tensor.name]

    def _followed(self, tensor: Tensor, depth: int) -> Bounds:
        op = tensor.op
        if tensor.dtype == tf.bool:
            return _UNIT
        if op.type == "Const":
            return _of_constant(tensor)
        if op.type in _FIXED:
            return _FIXED[op.type]
        if op.type in RENAMES:
            return self.of(renamed(tensor), depth)
        if op.type == "TopKV2" and tensor.value_index == 1:
            return _NOT_NEGATIVE  # the indices
        if op.type in _FIRST_INPUT:
            return self.of(op.inputs[0], depth)
        if op.type in _UNIONS:
            skipped, end = _UNIONS[op.type]
            return _union([self.of(value, depth) for value in op.inputs[skipped:end]])
        if op.type in _SIGN_KEEPING:
            values = op.inputs[: _SIGN_KEEPING[op.type]]
            are_positive = all(self.of(value, depth).not_negative for value in values)
            return _NOT_NEGATIVE if are_positive else ANY
        if op.type == "Mul" and op.inputs[0].name == op.inputs[1].name:
            return _NOT_NEGATIVE
        if op.type in _RULES:
            return _RULES[op.type]([self.of(value, depth) for value in op.inputs])
        unsigned = tensor.dtype.is_integer and tensor.dtype.min == 0
        return _NOT_NEGATIVE if unsigned else self._of_unknown


def _of_constant(tensor: Tensor) -> Bounds:
    value = tf.get_static_value(tensor)
    if value is None or np.asarray(value).dtype.kind not in "fiub" or not np.size(value):
        return ANY
    return Bounds(float(np.min(value)), float(np.max(value)))


def _union(parts: list[Bounds]) -> Bounds:
    return Bounds(min(part.low for part in parts), max(part.high for part in parts))


def _product(factors: list[Bounds]) -> Bounds:
    left, right = factors
    products = [_times(a, b) for a in left for b in right]
    return Bounds(min(products), max(products))


def _times(left: float, right: float) -> float:
    return 0.0 if 0.0 in (left, right) else left * right


def _quotient(operands: list[Bounds]) -> Bounds:
    """Returns the bounds of a quotient, whose divisor may be close to 0."""
    numerator, divisor = operands
    if not divisor.not_negative:
        return ANY
    if divisor.low > 0 and math.isfinite(divisor.high):
        quotients = [a / b for a in numerator for b in divisor]
        return Bounds(min(quotients), max(quotients))
    low = 0.0 if numerator.low >= 0 else -math.inf
    return Bounds(low, 0.0 if numerator.high <= 0 else math.inf)


def _even(operands: list[Bounds]) -> Bounds:
    """Returns the bounds of a square or an absolute value: not negative."""
    del operands
    return _NOT_NEGATIVE


def _power(operands: list[Bounds]) -> Bounds:
    exponent = operands[1]
    is_even = exponent.low == exponent.high and math.isfinite(exponent.low)
    if operands[0].not_negative or (is_even and exponent.low % 2 == 0):
        return _NOT_NEGATIVE
    return ANY


def _sum(operands: list[Bounds]) -> Bounds:
    summed = operands[0]
    return Bounds(0.0 if summed.not_negative else -math.inf, 0.0 if summed.high <= 0 else math.inf)


def _log(operands: list[Bounds]) -> Bounds:
    low, high = operands[0]
    return Bounds(math.log(low) if low > 0 else -math.inf, math.log(high) if high > 0 else math.inf)


def _exp(operands: list[Bounds]) -> Bounds:
    low, high = (math.exp(min(bound, 700.0)) for bound in operands[0])
    return Bounds(low, high if operands[0].high < 700 else math.inf)


def _one_hot(operands: list[Bounds]) -> Bounds:
    return _union(operands[2:4])


def _clipped(operands: list[Bounds]) -> Bounds:
    value, low, high = operands
    return Bounds(max(value.low, low.low), max(min(value.high, high.high), low.low))


_FIXED = {
    **dict.fromkeys(("Softplus", "L2Loss", "Rsqrt", "Sqrt", "Shape", "Size"), _NOT_NEGATIVE),
    **dict.fromkeys(("Sigmoid", "Softmax", "RandomUniform"), _UNIT),
    **dict.fromkeys(("Tanh", "Erf", "Sign", "Sin", "Cos"), Bounds(-1.0, 1.0)),
    **dict.fromkeys(("RandomStandardNormal", "TruncatedNormal"), ANY),
    "Relu6": Bounds(0.0, 6.0),
    "LogSoftmax": Bounds(-math.inf, 0.0),
    "OnesLike": Bounds(1.0, 1.0),
    "ZerosLike": Bounds(0.0, 0.0),
    "SquaredDifference": _NOT_NEGATIVE,
    "SparseSoftmaxCrossEntropyWithLogits": _NOT_NEGATIVE,
}
# The values of these ops are values of their first input, or between them.
_FIRST_INPUT = frozenset(
    {
        "BroadcastTo",
        "Cast",
        "Ceil",
        "Cummax",
        "Floor",
        "GatherNd",
        "GatherV2",
        "Max",
        "Mean",
        "Min",
        "PreventGradient",
        "ReverseV2",
        "Roll",
        "Round",
        "Rint",
        "StopGradient",
        "StridedSlice",
        "Slice",
        "Tile",
        "TopKV2",
        "Transpose",
        "Unpack",
    }
)
# The values of these ops are values of their inputs, from one index to another.
_UNIONS: dict[str, tuple[int, int | None]] = {
    "ConcatV2": (0, -1),
    "Fill": (1, None),
    "Pack": (0, None),
    "Select": (1, None),
    "SelectV2": (1, None),
    "Split": (1, None),
}
# These ops compute no negative value if their first inputs have none; how many inputs these are.
_SIGN_KEEPING = {
    **dict.fromkeys(
        ("BatchMatMul", "BatchMatMulV2", "BiasAdd", "FloorDiv", "FloorMod", "MatMul", "Mod"), 2
    ),
    **dict.fromkeys(
        (
            "Cumprod",
            "Cumsum",
            "Prod",
            "SegmentMean",
            "SegmentSum",
            "UnsortedSegmentMax",
            "UnsortedSegmentSum",
        ),
        1,
    ),
}
_RULES: dict[str, Callable[[list[Bounds]], Bounds]] = {
    "Abs": _even,
    "Add": lambda of: Bounds(of[0].low + of[1].low, of[0].high + of[1].high),
    "AddN": lambda of: Bounds(sum(b.low for b in of), sum(b.high for b in of)),
    "AddV2": lambda of: Bounds(of[0].low + of[1].low, of[0].high + of[1].high),
    "ClipByValue": _clipped,
    "Div": _quotient,
    "DivNoNan": _quotient,
    "Exp": _exp,
    "Log": _log,
    "Log1p": lambda of: _log([Bounds(of[0].low + 1, of[0].high + 1)]),
    "Maximum": lambda of: Bounds(max(b.low for b in of), max(b.high for b in of)),
    "Minimum": lambda of: Bounds(min(b.low for b in of), min(b.high for b in of)),
    "Mul": _product,
    "MulNoNan": _product,
    "Neg": lambda of: -of[0],
    "OneHot": _one_hot,
    "Pow": _power,
    "RealDiv": _quotient,
    "Reciprocal": lambda of: _NOT_NEGATIVE if of[0].not_negative else ANY,
    "Relu": lambda of: Bounds(max(of[0].low, 0.0), max(of[0].high, 0.0)),
    "Square": _even,
    "Sub": lambda of: Bounds(of[0].low - of[1].high, of[0].high - of[1].low),
    "Sum": _sum,
}
