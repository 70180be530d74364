"""The walk from a loss back to its unreduced losses.

It goes over whatever is linear in them (sums, means, products with weights and numbers, quotients,
renames), and splits at every addition.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat.ledger import expressions
from estimator_compat.ledger.loss_graph import (
    UNKNOWN_AXES,
    LossGraph,
    keeps_dims,
    reduced_axes,
    same_rank,
)
from estimator_compat.ledger.op_patterns import RENAMES, RESHAPES, constant, is_zeros, renamed
from estimator_compat.ledger.source_lines import line_of
from estimator_compat.ledger.steps import LossStep, Operation, Role

_ADDITIONS = frozenset({"Add", "AddV2", "AddN", "Sub"})
_QUOTIENTS = {
    "DivNoNan": Operation.DIVIDE_NO_NAN,
    "RealDiv": Operation.DIVIDE,
    "Div": Operation.DIVIDE,
}
_REDUCTIONS = {"Mean": Operation.MEAN, "Sum": Operation.SUM}
_SELECTS = frozenset({"Select", "SelectV2"})


class Part(NamedTuple):
    """A tensor on the way back, and the steps that lead from it to the loss."""

    tensor: Any
    steps: tuple[LossStep, ...]


class Walk:
    """Walks one graph."""

    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph

    def parts(self) -> Iterator[Part]:
        waiting = [Part(self._graph.loss, ())]
        while waiting:
            part = waiting.pop()
            split = self._behind(part)
            if split is None:
                yield part
            else:
                waiting.extend(reversed(split))

    def _behind(self, part: Part) -> list[Part] | None:
        """What a part is made of; None where the walk ends."""
        tensor, kind = part.tensor, part.tensor.op.type
        if not self._graph.is_one(tensor):
            return self._behind_many(part)
        if kind in RENAMES:
            inner = renamed(tensor)
            return [Part(inner, part.steps)] if _is_fetchable(inner) else None
        if kind in _REDUCTIONS:
            return self._behind_reduction(part)
        if kind in _ADDITIONS:
            return self._addends(part)
        if kind in _QUOTIENTS and self._is_known_divisor(tensor):
            return [self._divided(part)]
        if kind == "Mul":
            return self._multiplied(part)
        return self._unary(part)

    def _unary(self, part: Part) -> list[Part] | None:
        op = part.tensor.op
        done = {
            "Neg": Operation.NEGATE,
            "StopGradient": Operation.STOP_GRADIENT,
            "Cast": Operation.CAST,
        }
        if op.type == "Cast" and not op.inputs[0].dtype.is_floating:
            return None
        if op.type in done and _is_fetchable(op.inputs[0]):
            step = LossStep(
                operation=done[op.type], dtype=part.tensor.dtype.name if op.type == "Cast" else ""
            )
            return [Part(op.inputs[0], (step, *part.steps))]
        if op.type == "L2Loss" and self._graph.origins.is_fed(part.tensor):
            steps = (
                LossStep(operation=Operation.HALF_SQUARE),
                LossStep(operation=Operation.SUM, line=line_of(op)),
            )
            return [Part(op.inputs[0], (*steps, *part.steps))]
        if op.type in _SELECTS and is_zeros(op.inputs[2]):
            return [
                Part(
                    op.inputs[1],
                    (self._graph.step(Operation.KEEP_WHERE, op.inputs[0]), *part.steps),
                )
            ]
        return None

    def _behind_reduction(self, part: Part) -> list[Part] | None:
        op = part.tensor.op
        inner, steps = op.inputs[0], part.steps
        if not self._graph.origins.is_fed(inner):
            return None  # regularization: reductions of a variable are one number
        axes = reduced_axes(op)
        if axes == UNKNOWN_AXES:
            return None
        if self._graph.is_one(inner):
            if op.type == "Sum" and steps and steps[0].operation is Operation.DIVIDE_NO_NAN:
                return [Part(inner, steps)]  # tf.losses reduces once more before it divides
            axes = ()
        step = LossStep(operation=_REDUCTIONS[op.type], axes=axes, line=line_of(op))
        return [Part(inner, (step, *steps))]

    def _addends(self, part: Part) -> list[Part]:
        op = part.tensor.op
        parts = [Part(one, part.steps) for one in op.inputs]
        if op.type == "Sub":
            parts[1] = Part(op.inputs[1], (LossStep(operation=Operation.NEGATE), *part.steps))
        return parts

    def _is_known_divisor(self, quotient: Any) -> bool:
        losses, divisor = quotient.op.inputs
        origins = self._graph.origins
        return self._graph.is_one(divisor) and (
            not origins.is_trained(divisor)
            or (origins.is_trained_by_data(losses) and not origins.is_fed(divisor))
        )

    def _divided(self, part: Part) -> Part:
        numerator, divisor = part.tensor.op.inputs
        step = self._graph.step(_QUOTIENTS[part.tensor.op.type], divisor)
        return Part(numerator, (step, *part.steps))

    def _multiplied(self, part: Part) -> list[Part] | None:
        """Takes a product of two numbers apart, where one of them is clearly the loss."""
        chosen = self._factor(part.tensor)
        if chosen is None:
            return None
        loss, factor = chosen
        if not self._graph.is_one(loss) or not self._graph.is_one(factor):
            return None
        inverse = factor.op.type == "Reciprocal"
        step = (
            self._graph.step(Operation.DIVIDE, factor.op.inputs[0])
            if inverse
            else self._graph.step(Operation.MULTIPLY, factor)
        )
        return [Part(loss, (step, *part.steps))]

    def _factor(self, product: Any) -> tuple[Any, Any] | None:
        """Tells a product's loss and its factor apart; None where both could be either."""
        left, right = product.op.inputs
        if _is_checked(product.op):
            return left, right  # tf.losses multiplies losses by weights, in this order
        for is_loss in (self._graph.origins.is_trained_by_data, self._graph.origins.is_trained):
            if is_loss(left) != is_loss(right):
                return (left, right) if is_loss(left) else (right, left)
        constants = constant(left) is not None, constant(right) is not None
        if constants[0] != constants[1]:
            return (right, left) if constants[0] else (left, right)
        return None

    def _behind_many(self, part: Part) -> list[Part] | None:
        op, steps = part.tensor.op, part.steps
        if not any(step.reduces for step in steps) or not self._graph.origins.is_fed(part.tensor):
            return None
        if self.is_stack(part.tensor):
            return self._unpacked(part)
        if (
            op.type in _REDUCTIONS
            and not keeps_dims(op)
            and self._graph.batch_axis(part.tensor) is None
        ):
            return self._behind_reduction(part)
        return self._without_factors(part)

    def is_stack(self, tensor: Any) -> bool:
        """Tells whether a tensor is numbers in a row, such as the losses of several tasks."""
        op = tensor.op
        return op.type == "Pack" and all(self._graph.is_one(one) for one in op.inputs)

    def _unpacked(self, part: Part) -> list[Part] | None:
        """Takes a reduction of a stack of numbers apart, with the numbers that weight it."""
        count, steps = len(part.tensor.op.inputs), part.steps
        factors = np.ones(count)
        if steps[0].operation is Operation.MULTIPLY and not steps[0].scalar:
            factors = tf.get_static_value(
                self._graph.loss.graph.get_tensor_by_name(steps[0].tensor)
            )
            steps = steps[1:]
        if factors is None or np.shape(factors) != (count,):
            return None
        first, *rest = steps
        if first.operation is Operation.MEAN:
            by = LossStep(
                operation=Operation.DIVIDE,
                operand=str(count),
                value=float(count),
                role=Role.CONSTANT,
            )
            rest = [by, *rest]
        elif first.operation is not Operation.SUM:
            return None
        return [
            Part(one, (*_times(float(factor)), *rest))
            for one, factor in zip(part.tensor.op.inputs, factors, strict=True)
        ]

    def _without_factors(self, part: Part) -> list[Part] | None:
        """Takes the weights off the losses, with the numbers that scale both.

        Numbers alone stay with losses that are averaged: they are then part of each example's loss.
        """
        factors: list[LossStep] = []
        base, found = part.tensor, False
        reduction = next(s for s in part.steps if s.reduces)
        if any(step.operation is Operation.HALF_SQUARE for step in part.steps):
            return None  # the factors are squared, too
        while (peeled := self._peeled(base, reduction.axes is None)) is not None:
            base, step = peeled
            if step is not None:
                factors.insert(0, step)
                found = found or not step.scalar
        if not (factors and (found or reduction.operation is Operation.SUM)):
            return None
        return [Part(base, (*factors, *part.steps))]

    def _peeled(self, tensor: Any, reshape: bool) -> tuple[Any, LossStep | None] | None:
        """Takes one factor off, or one name on the way to a factor.

        Args:
          reshape: Whether the shape does not matter, since all axes are reduced.
        """
        op = tensor.op
        if op.type in RENAMES or (op.type == "Cast" and op.inputs[0].dtype.is_floating):
            inner = renamed(tensor)
            if (op.type in RESHAPES and not reshape) or self._peeled(inner, reshape) is None:
                return None
            return inner, (
                LossStep(operation=Operation.CAST, dtype=tensor.dtype.name)
                if op.type == "Cast"
                else None
            )
        if op.type in _QUOTIENTS and self._is_known_divisor(tensor):
            return op.inputs[0], self._graph.step(_QUOTIENTS[op.type], op.inputs[1])
        if op.type in _SELECTS and is_zeros(op.inputs[2]) and same_rank(op.inputs[0], op.inputs[1]):
            return op.inputs[1], self._graph.step(Operation.KEEP_WHERE, op.inputs[0])
        if op.type != "Mul" or expressions.is_cross_entropy(op):
            return None
        chosen = self._factor(tensor)
        if chosen is None or not self._fits(*chosen, tensor):
            return None
        return chosen[0], self._graph.step(Operation.MULTIPLY, chosen[1])

    def _fits(self, losses: Any, weights: Any, product: Any) -> bool:
        """Tells whether weights broadcast to the losses, and not the losses to the weights."""
        if self._graph.is_one(losses) or losses.shape.rank is None:
            return False
        if self._graph.is_one(weights):
            return bool((weights.shape.rank or 0) <= losses.shape.rank)
        return same_rank(losses, product) and 1 not in [
            before
            for before, after in zip(losses.shape.as_list(), product.shape.as_list(), strict=True)
            if before != after
        ]


def _times(factor: float) -> tuple[LossStep, ...]:
    return (
        ()
        if factor == 1
        else (LossStep(operation=Operation.MULTIPLY, operand=f"{factor:.7g}", value=factor),)
    )


def _is_fetchable(tensor: Any) -> bool:
    """Tells whether a session can return a tensor: not that of a lowered cond or while."""
    return bool(tensor.graph.is_fetchable(tensor.op))


def _is_checked(op: Any) -> bool:
    """Tells whether a product waits for the broadcasting check of `tf.losses`.

    TensorFlow leaves a control dependency out where an input has it already, as the weights have
    that `tf.losses` converted from NumPy or from another dtype.
    """
    return any("assert_broadcastable/" in check.name for check in op.control_inputs) or any(
        _is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )
