"""Splits the numbers that multiply or divide a loss into a sign and a size.

The sign is a part of the losses, as in `-0.5 * tf.reduce_mean(...)`; the size is a multiplier.
"""

import dataclasses

from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.op_patterns import constant, keeps_values, renamed
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.type_aliases import Tensor

_NEGATION = LossStep(operation=Operation.NEGATE)
_DIVISIONS = {
    "Div": Operation.DIVIDE,
    "DivNoNan": Operation.DIVIDE_NO_NAN,
    "RealDiv": Operation.DIVIDE,
}
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
    if number.op.type == "Reciprocal" and operation is Operation.MULTIPLY:
        return steps_of(graph, Operation.DIVIDE, number.op.inputs[0], part=part)
    step = dataclasses.replace(graph.loss_step(operation, number), part=part)
    if step.value is not None:
        if not step.value < 0:
            return (step,)
        size = dataclasses.replace(step, operand=step.operand.lstrip("-"), value=-step.value)
        return (_NEGATION,) if size.value == 1.0 else (_NEGATION, size)
    negated = without_sign(number)
    if negated is not None:
        return cancelled((_NEGATION, *steps_of(graph, operation, negated, part=part)))
    factors = _factors(graph, operation, number)
    steps = [step for one in factors for step in steps_of(graph, *one, part=part)]
    return cancelled(tuple(steps)) if steps else (_of_batch(graph, step),)


def _of_batch(graph: LossGraph, step: LossStep) -> LossStep:
    """Marks a multiplier that is computed from the batch."""
    tensor = graph.loss.graph.get_tensor_by_name(step.tensor)
    is_multiplier = step.part is None and step.operation is Operation.MULTIPLY
    if is_multiplier and graph.is_of_batch(tensor):
        return dataclasses.replace(step, part=Part.TERM)
    return step


def _factors(
    graph: LossGraph, operation: Operation, number: Tensor
) -> list[tuple[Operation, Tensor]]:
    """Splits a number whose sign or divisor matters on its own.

    Returns:
      For each factor and divisor, the operation that applies it. Nothing for other numbers.
    """
    op = number.op
    if op.type == "Mul" and any((constant(factor) or 0.0) < 0 for factor in op.inputs):
        return [(operation, factor) for factor in op.inputs]
    if op.type in _DIVISIONS and operation is Operation.MULTIPLY:
        numerator, divisor = op.inputs
        is_negative = (constant(numerator) or 0.0) < 0
        if is_negative or graph.is_of_batch(divisor):
            ones = constant(numerator) == 1.0
            return [*([] if ones else [(operation, numerator)]), (_DIVISIONS[op.type], divisor)]
    return []


def without_sign(tensor: Tensor) -> Tensor | None:
    """Returns x, if a tensor is `-x`, `0 - x` or `-1 * x`; otherwise None."""
    op = tensor.op
    if op.type == "Neg":
        return op.inputs[0]
    if op.type == "Sub" and constant(op.inputs[0]) == 0.0 and keeps_shape(*op.inputs):
        return op.inputs[1]
    if op.type == "Mul":
        for factor, other in (tuple(op.inputs), tuple(op.inputs)[::-1]):
            if constant(factor) == -1.0 and keeps_shape(factor, other):
                return other
    if op.type in _KEEPING or keeps_values(op):
        inner = renamed(tensor)
        return without_sign(inner) if inner.shape.rank == 0 == tensor.shape.rank else None
    return None


def keeps_shape(number: Tensor, scaled: Tensor) -> bool:
    """Returns whether a tensor keeps its shape beside a number, which may have axes of size 1."""
    if number.shape.rank == 0:
        return True
    ranks = number.shape.rank, scaled.shape.rank
    return None not in ranks and ranks[0] <= ranks[1]


def cancelled(steps: tuple[LossStep, ...]) -> tuple[LossStep, ...]:
    """Moves negations to the first place; two of them cancel each other.

    A negation commutes with all steps except HALF_SQUARE.
    """
    if any(step.operation is Operation.HALF_SQUARE for step in steps):
        return steps
    negations = [step for step in steps if step.operation is Operation.NEGATE]
    others = tuple(step for step in steps if step.operation is not Operation.NEGATE)
    return (negations[0], *others) if len(negations) % 2 else others
