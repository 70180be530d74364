"""Walks from a loss back to its unreduced losses.

The walk passes ops that are linear in the losses: sums, means, products with weights and numbers,
quotients and renames. At every addition it splits.
"""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.factors import PRODUCTS, QUOTIENTS, SELECTS, Factors
from estimator_compat.ledger.loss_graph import UNKNOWN_AXES, LossGraph, keeps_dims, reduced_axes
from estimator_compat.ledger.op_patterns import RENAMES, constant, is_zeros, renamed
from estimator_compat.ledger.source_lines import line_of
from estimator_compat.ledger.steps import LossStep, Operation, Part, Role
from estimator_compat.losses import unreduced
from estimator_compat.type_aliases import Tensor

_ADDITIONS = frozenset({"Add", "AddV2", "AddN", "Sub"})
_REDUCTIONS = {"Mean": Operation.MEAN, "Sum": Operation.SUM}
_UNARY = {
    "Cast": Operation.CAST,
    "Neg": Operation.NEGATE,
    "StopGradient": Operation.STOP_GRADIENT,
}
# Ops whose output has elements of their first input.
_SELECTIONS = frozenset({"GatherNd", "GatherV2", "StridedSlice", "Slice", "TopKV2", "Transpose"})


class Addend(NamedTuple):
    """One addend of the loss.

    Attributes:
      tensor: A tensor that the walk reached.
      steps: The steps that lead from the tensor to the loss, in the order of the graph.
    """

    tensor: Tensor
    steps: tuple[LossStep, ...]


class LinearWalk:
    """Walks one graph.

    Args:
      graph: The graph of the loss.
    """

    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph
        self._factors = Factors(graph)

    def addends(self) -> Iterator[Addend]:
        """Yields the addends of the loss, in the order in which the graph adds them."""
        waiting = [Addend(self._graph.loss, ())]
        while waiting:
            addend = waiting.pop()
            inner = self._behind(addend)
            if inner is None:
                yield addend
            else:
                waiting.extend(reversed(inner))

    def is_stack(self, tensor: Tensor) -> bool:
        """Returns whether a tensor stacks numbers, such as the losses of several tasks."""
        op = tensor.op
        return op.type == "Pack" and all(self._graph.is_number(number) for number in op.inputs)

    def hides_weights(self, losses: Tensor, steps: tuple[LossStep, ...]) -> bool:
        """Returns whether losses are elements, rows or columns of losses that are weighted.

        Args:
          losses: The losses that the walk found.
          steps: The steps from the losses to the loss.
        """
        while losses.op.type in _SELECTIONS | RENAMES and not unreduced.is_marked(losses):
            losses = losses.op.inputs[0]
            taken = self._factors.of_losses(losses, reduces_all=True, after=steps)
            if taken and any(step.weights for step in taken[1]):
                return True
        return False

    def _behind(self, addend: Addend) -> list[Addend] | None:
        """Returns the addends that an addend is made of; None if the walk ends here."""
        tensor, op_type = addend.tensor, addend.tensor.op.type
        if not self._graph.is_number(tensor):
            return self._behind_losses(addend)
        if op_type in RENAMES:
            inner = renamed(tensor)
            return [Addend(inner, addend.steps)] if _is_fetchable(inner) else None
        if op_type in _REDUCTIONS:
            return self._behind_reduction(addend)
        if op_type in _ADDITIONS:
            return _behind_addition(addend)
        if op_type in QUOTIENTS and self._factors.is_linear_quotient(tensor):
            numerator, steps = self._factors.of_quotient(tensor)
            return [Addend(numerator, (*steps, *addend.steps))]
        if op_type in PRODUCTS:
            factors = self._factors.of_numbers(tensor)
            return factors and [Addend(factors[0], (*factors[1], *addend.steps))]
        return self._behind_unary(addend)

    def _behind_unary(self, addend: Addend) -> list[Addend] | None:
        op = addend.tensor.op
        if op.type == "Cast" and not op.inputs[0].dtype.is_floating:
            return None
        if op.type in _UNARY and _is_fetchable(op.inputs[0]):
            dtype = addend.tensor.dtype.name if op.type == "Cast" else ""
            step = LossStep(operation=_UNARY[op.type], dtype=dtype)
            return [Addend(op.inputs[0], (step, *addend.steps))]
        if op.type == "L2Loss" and self._graph.dependencies.depends_on_input(addend.tensor):
            steps = (
                LossStep(operation=Operation.HALF_SQUARE),
                LossStep(operation=Operation.SUM, line=line_of(op)),
            )
            return [Addend(op.inputs[0], (*steps, *addend.steps))]
        if op.type in SELECTS and is_zeros(op.inputs[2]):
            step = self._graph.loss_step(Operation.KEEP_WHERE, op.inputs[0])
            return [Addend(op.inputs[1], (step, *addend.steps))]
        if op.type in SELECTS and is_zeros(op.inputs[1]):
            step = self._graph.loss_step(Operation.DROP_WHERE, op.inputs[0])
            return [Addend(op.inputs[2], (step, *addend.steps))]
        return None

    def _behind_reduction(self, addend: Addend) -> list[Addend] | None:
        op = addend.tensor.op
        inner, steps = op.inputs[0], addend.steps
        if not self._graph.dependencies.depends_on_input(inner):
            return None  # regularization: the reduction of a variable is kept as one number
        axes = reduced_axes(op)
        if axes == UNKNOWN_AXES:
            return None
        if self._graph.is_number(inner):
            if op.type == "Sum" and steps and steps[0].operation is Operation.DIVIDE_NO_NAN:
                return [Addend(inner, steps)]  # tf.losses sums the scalar again before it divides
            axes = ()
        step = LossStep(operation=_REDUCTIONS[op.type], axes=axes, line=line_of(op))
        return [Addend(inner, (step, *steps))]

    def _behind_losses(self, addend: Addend) -> list[Addend] | None:
        """Returns the addends behind a tensor that is not one number."""
        tensor, steps = addend.tensor, addend.steps
        depends_on_input = self._graph.dependencies.depends_on_input(tensor)
        if not any(step.reduces for step in steps) or not depends_on_input:
            return None
        if self.is_stack(tensor):
            return self._behind_stack(addend)
        is_reduction = tensor.op.type in _REDUCTIONS and not keeps_dims(tensor.op)
        if is_reduction and self._graph.batch_axis(tensor) is None:
            return self._behind_reduction(addend)
        return self._without_factors(addend)

    def _behind_stack(self, addend: Addend) -> list[Addend] | None:
        """Splits a reduced stack of numbers, and gives each its weight in the stack."""
        count, steps = len(addend.tensor.op.inputs), addend.steps
        weights = np.ones(count)
        if steps[0].operation is Operation.MULTIPLY and not steps[0].scalar:
            weights = tf.get_static_value(
                self._graph.loss.graph.get_tensor_by_name(steps[0].tensor)
            )
            steps = steps[1:]
        if weights is None or np.shape(weights) != (count,):
            return None
        reduction, *steps_after = steps
        if reduction.operation is Operation.MEAN:
            division = LossStep(
                operation=Operation.DIVIDE,
                operand=str(count),
                value=float(count),
                role=Role.CONSTANT,
            )
            steps_after = [division, *steps_after]
        elif reduction.operation is not Operation.SUM:
            return None
        return [
            Addend(number, (*_multiplications(float(weight)), *steps_after))
            for number, weight in zip(addend.tensor.op.inputs, weights, strict=True)
        ]

    def _without_factors(self, addend: Addend) -> list[Addend] | None:
        """Takes weights off the losses, and numbers that scale the term as a whole.

        What is left of the losses has the factors that are a part of them. Behind a reduction over
        the examples, all factors are taken off, because the losses are still to come.
        """
        if any(step.operation is Operation.HALF_SQUARE for step in addend.steps):
            return None  # the factors are squared, too
        reduction = next(step for step in addend.steps if step.reduces)
        is_reduced = self._graph.batch_axis(addend.tensor) is None
        losses = addend.tensor
        factors: tuple[LossStep, ...] = ()
        found: Addend | None = None
        while taken := self._factors.of_losses(
            losses, reduces_all=reduction.axes is None, after=(*factors, *addend.steps)
        ):
            losses, steps = taken
            factors = (*steps, *factors)
            if is_reduced or any(_is_taken_off(step) for step in steps):
                found = Addend(losses, _with_terms_last(factors, addend.steps, is_reduced))
        return found and [found]


def _is_taken_off(step: LossStep) -> bool:
    """Returns whether a factor is not a part of the losses."""
    return (step.multiplies or step.divides) and step.part is not Part.LOSSES


def _with_terms_last(
    factors: tuple[LossStep, ...], steps: tuple[LossStep, ...], is_reduced: bool
) -> tuple[LossStep, ...]:
    """Puts the numbers that scale the whole term behind the first reduction."""
    of_term = [
        step
        for step in factors
        if step.part is Part.TERM or (is_reduced and step.scalar and step.part is Part.LOSSES)
    ]
    others = [step for step in factors if not any(step is one for one in of_term)]
    first = next(index for index, step in enumerate(steps) if step.reduces)
    of_term = [dataclasses.replace(step, part=_marked(step)) for step in of_term]
    return (*others, *steps[: first + 1], *of_term, *steps[first + 1 :])


def _marked(step: LossStep) -> Part | None:
    """Returns the mark of a multiplier that is computed from the batch; None for other steps."""
    return step.part if step.part is Part.TERM and not step.divides and step.tensor else None


def _behind_addition(addend: Addend) -> list[Addend]:
    op = addend.tensor.op
    addends = [Addend(tensor, addend.steps) for tensor in op.inputs]
    if op.type == "Sub":
        negation = LossStep(operation=Operation.NEGATE)
        addends[1] = Addend(op.inputs[1], (negation, *addend.steps))
        if constant(op.inputs[0]) == 0.0:
            return addends[1:]
    return addends


def _multiplications(factor: float) -> tuple[LossStep, ...]:
    """Returns the steps that multiply by a number, or no step if the number is 1."""
    negation = (LossStep(operation=Operation.NEGATE),) if factor < 0 else ()
    size = abs(factor)
    if size == 1:
        return negation
    step = LossStep(operation=Operation.MULTIPLY, operand=f"{size:.7g}", value=size)
    return (*negation, step)


def _is_fetchable(tensor: Tensor) -> bool:
    """Returns whether a session can fetch a tensor; it cannot inside a lowered cond or while."""
    return bool(tensor.graph.is_fetchable(tensor.op))
