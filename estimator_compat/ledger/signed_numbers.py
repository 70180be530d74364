"""Splits the numbers that multiply or divide a loss into a sign and a size.

The sign is a part of the losses, as in `-0.5 * tf.reduce_mean(...)`; the size is a multiplier.
"""

import dataclasses

from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.op_patterns import constant, keeps_values, renamed
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.type_aliases import Tensor

_NEGATION = LossStep(operation=Operation.NEGATE)
_KEEPING = frozenset({"Identity", "Reshape", "Snapshot", "Squeeze", "StopGradient"})


def steps_of(
    graph: LossGraph, operation: Operation, number: Tensor, *, part: Part | None = None
) -> tuple[LossStep, ...]:
    """Returns the steps that multiply or divide by a number: a negation, and its size.

    Args:
      graph: The graph of the loss.
      operation: The multiplication or division.
      number: A tensor of one element.
      part: What the number's size is a part of.
    """
    step = dataclasses.replace(graph.loss_step(operation, number), part=part)
    if step.value is not None:
        if not step.value < 0:
            return (step,)
        size = dataclasses.replace(step, operand=step.operand.lstrip("-"), value=-step.value)
        return (_NEGATION,) if size.value == 1.0 else (_NEGATION, size)
    negated = without_sign(number)
    if negated is not None:
        return cancelled((_NEGATION, *steps_of(graph, operation, negated, part=part)))
    factors = _negative_and_other(number)
    if factors is not None:
        negative, other = (steps_of(graph, operation, one, part=part) for one in factors)
        return cancelled((*negative, *other))
    return (step,)


def without_sign(tensor: Tensor) -> Tensor | None:
    """Returns x, if a tensor is `-x`, `0 - x` or `-1 * x`; otherwise None."""
    op = tensor.op
    if op.type == "Neg":
        return op.inputs[0]
    if op.type == "Sub" and constant(op.inputs[0]) == 0.0:
        return op.inputs[1]
    if op.type == "Mul":
        for factor, other in (tuple(op.inputs), tuple(op.inputs)[::-1]):
            if constant(factor) == -1.0:
                return other
    if op.type in _KEEPING or keeps_values(op):
        inner = renamed(tensor)
        return without_sign(inner) if inner.shape.rank == 0 == tensor.shape.rank else None
    return None


def _negative_and_other(number: Tensor) -> tuple[Tensor, Tensor] | None:
    """Returns the factors of a product with a negative constant; None for other numbers."""
    if number.op.type != "Mul":
        return None
    for factor, other in (tuple(number.op.inputs), tuple(number.op.inputs)[::-1]):
        if (constant(factor) or 0.0) < 0:
            return factor, other
    return None


def cancelled(steps: tuple[LossStep, ...]) -> tuple[LossStep, ...]:
    """Moves negations to the first place; two of them cancel each other.

    A negation commutes with all steps except HALF_SQUARE.
    """
    if any(step.operation is Operation.HALF_SQUARE for step in steps):
        return steps
    negations = [step for step in steps if step.operation is Operation.NEGATE]
    others = tuple(step for step in steps if step.operation is not Operation.NEGATE)
    return (negations[0], *others) if len(negations) % 2 else others
