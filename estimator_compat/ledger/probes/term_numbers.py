"""The numbers of a term on one batch, computed with NumPy in float64."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from estimator_compat.ledger.probes.fed_graph import Values
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.ledger.values import LossTerm

# How far apart two numbers may be, relative to the sum of the absolute values behind them. The
# graph computes in float32; a probe asks for differences far above its rounding.
TOLERANCE = 2e-5


class TermNumbers(NamedTuple):
    """The numbers of a term on one batch.

    Attributes:
      losses: The unreduced losses, with the sign that they have in the loss.
      weights: The weights, broadcast to the losses; None if all losses have equal weights.
      number: What the term adds to the loss.
      numerator: The term without its divisions: all of its sums, multiplied by its constants.
      divisor: The product of its divisors; a mean divides by the number of its elements. It is
        divided by the tensors of one number that multiply the term.
      multiplier: The product of the numbers that multiply the whole term, and of the reciprocals of
        constants that divide a mean.
      scale: The sum of the absolute values that the term adds up, for tolerances.
    """

    losses: np.ndarray
    weights: np.ndarray | None
    number: float
    numerator: float
    divisor: float
    multiplier: float
    scale: float

    def equals(self, number: float, other: float, scale: float | None = None) -> bool:
        """Returns whether two numbers are equal but for rounding at the term's scale."""
        return is_close(number, other, self.scale if scale is None else scale)


def is_close(number: float, other: float, scale: float) -> bool:
    """Returns whether two numbers are equal but for rounding at a scale."""
    if np.isnan(number) and np.isnan(other):
        return True
    return bool(abs(number - other) <= TOLERANCE * max(scale, abs(number), abs(other)))


def numbers_of(term: LossTerm, values: Values) -> TermNumbers:
    """Computes the numbers of a term of per-example losses.

    Args:
      term: The term.
      values: The values of the term's tensors and of its steps' operands, by name.
    """
    value = np.asarray(sum(np.asarray(values[name], np.float64) for name in term.tensors))
    with np.errstate(all="ignore"):
        losses, weights = _unreduced(term, value, values)
        number, numerator, divisor, scale = value, value, 1.0, np.abs(value)
        for step in term.steps:
            operand = _operand(step, values)
            before = numerator.shape
            number = _applied(step, number, operand)
            if step.divides:
                divisor *= float(np.reshape(operand, []))
                continue
            if _is_counted(step) and np.any(operand):
                divisor /= float(np.reshape(operand, []))
                continue
            if step.reduces and step.operation is Operation.MEAN:
                divisor *= _count(before, step.axes)
                step = dataclasses.replace(step, operation=Operation.SUM)
            numerator = _applied(step, numerator, operand)
            scale = np.abs(_applied(step, scale, operand))
        magnitude = abs(float(np.sum(scale)) / divisor) if divisor else 0.0
        return TermNumbers(
            losses=losses,
            weights=weights,
            number=float(np.sum(number)),
            numerator=float(np.sum(numerator)),
            divisor=divisor,
            multiplier=multiplier_of(term, values),
            scale=magnitude,
        )


def _is_counted(step: LossStep) -> bool:
    """Returns whether a step multiplies by one number that a tensor has, such as a count."""
    return step.operation is Operation.MULTIPLY and step.scalar and bool(step.tensor)


def _unreduced(
    term: LossTerm, losses: np.ndarray, values: Values
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the losses, with the factors that are a part of them, and the weights.

    A factor after a reduction gets an axis of size 1 for each axis that is reduced.
    """
    weights, axes = None, list(range(losses.ndim))
    for step in term.steps:
        if step.operation in (Operation.NEGATE, Operation.HALF_SQUARE):
            losses = _applied(step, losses, None)
        elif step.reduces:
            gone = range(len(axes)) if step.axes is None else step.axes
            axes = [axis for index, axis in enumerate(axes) if index not in gone]
        elif step.part is Part.LOSSES:
            losses = _applied(step, losses, _aligned(_operand(step, values), axes, losses.ndim))
        elif step.weights:
            operand = _aligned(_operand(step, values), axes, losses.ndim)
            if step.operation is Operation.DROP_WHERE:
                operand = ~np.asarray(operand, bool)
            factor = np.asarray(operand, np.float64)
            if step.operation is not Operation.MULTIPLY:
                losses = np.where(np.isfinite(losses) | (factor != 0), losses, 0.0)
            if step.part is Part.WEIGHTS_IF_NOT_NEGATIVE and np.any(factor < 0):
                losses = losses * factor
            else:
                weights = factor if weights is None else weights * factor
    return losses, None if weights is None else np.broadcast_to(weights, losses.shape)


def _aligned(operand: Any, axes: list[int], rank: int) -> Any:
    """Returns an operand over some axes of the losses, with an axis of size 1 for each other."""
    operand = np.asarray(operand)
    if operand.size == 1 or len(axes) == rank:
        # The op Select takes a vector over the first axis.
        if operand.dtype == bool and operand.ndim == 1 < rank:
            return operand.reshape([-1] + [1] * (rank - 1))
        return operand.reshape([]) if operand.size == 1 else operand
    operand = operand.reshape([1] * (len(axes) - operand.ndim) + list(operand.shape))
    return np.expand_dims(operand, tuple(axis for axis in range(rank) if axis not in axes))


def multiplier_of(term: LossTerm, values: Values) -> float:
    """Multiplies the numbers that multiply the whole term.

    A constant that divides a mean does not reduce the losses: its reciprocal is a multiplier.
    """
    factors = [float(np.reshape(_operand(step, values), [])) for step in term.multipliers]
    if any(step.reduces and step.operation is Operation.MEAN for step in term.steps):
        factors += [1 / step.value for step in term.divisors if step.value]
    return float(np.prod(factors)) if factors else 1.0


def _operand(step: LossStep, values: Values) -> Any:
    operand = values[step.tensor] if step.tensor else step.value
    return operand if operand is None else np.asarray(operand)


def _count(shape: tuple[int, ...], axes: tuple[int, ...] | None) -> int:
    return int(np.prod([shape[axis] for axis in (range(len(shape)) if axes is None else axes)]))


def _applied(step: LossStep, losses: np.ndarray, operand: Any) -> Any:
    """Applies one step as `recomputation.applied` does, in NumPy."""
    if step.operation in (Operation.SUM, Operation.MEAN):
        reduce = np.sum if step.operation is Operation.SUM else np.mean
        return np.asarray(reduce(losses, axis=step.axes))
    if step.operation in (Operation.CAST, Operation.STOP_GRADIENT):
        return losses
    if step.operation is Operation.NEGATE:
        return np.negative(losses)
    if step.operation is Operation.HALF_SQUARE:
        return np.asarray(losses * losses / 2)
    if step.operation in (Operation.KEEP_WHERE, Operation.DROP_WHERE):
        mask = np.asarray(operand, bool)
        if mask.ndim == 1 < losses.ndim:  # the op Select takes a vector over the first axis
            mask = np.reshape(mask, [-1] + [1] * (losses.ndim - 1))
        kept = mask if step.operation is Operation.KEEP_WHERE else ~mask
        return np.where(kept, losses, 0.0)
    operand = np.asarray(operand, np.float64)
    if step.scalar:
        operand = np.reshape(operand, [])
    if step.operation is Operation.MULTIPLY_NO_NAN:
        return np.where(operand == 0, 0.0, losses * operand)
    if step.operation is Operation.MULTIPLY:
        return np.multiply(losses, operand)
    if step.operation is Operation.DIVIDE_NO_NAN:
        return np.where(operand == 0, 0.0, losses / np.where(operand == 0, 1.0, operand))
    return np.divide(losses, operand)
