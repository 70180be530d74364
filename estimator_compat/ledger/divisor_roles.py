"""What the divisors of a term are, beside its losses and weights: their number, their sum."""

import dataclasses
from typing import Any

import tensorflow as tf

from estimator_compat.ledger import op_patterns
from estimator_compat.ledger.batch_axes import BATCH, ELEMENTWISE
from estimator_compat.ledger.loss_graph import LossGraph, reduced_axes, same_rank
from estimator_compat.ledger.op_patterns import constant, strip
from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import LossTerm


def with_roles(term: LossTerm, losses: Any, graph: LossGraph) -> tuple[LossStep, ...]:
    """Says what each divisor is beside the losses and the weights."""
    return _Divisors(graph).with_roles(term, losses)


class _Divisors:
    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph

    def with_roles(self, term: LossTerm, losses: Any) -> tuple[LossStep, ...]:
        """Says what each divisor is beside the losses and the weights."""
        weights = self._weights(term)
        return tuple(
            dataclasses.replace(
                step, role=role, operand="size" if role is Role.SIZE else step.operand
            )
            if step.divides and (role := self._role(step, losses, weights))
            else step
            for step in term.steps
        )

    def _weights(self, term: LossTerm) -> LossStep | None:
        """What weights the losses, if it is one tensor: a number only where nothing else does."""
        if term.weightings:
            return term.weights
        numbers = [s for s in term.before_reduction if s.operation is Operation.MULTIPLY]
        return numbers[0] if len(numbers) == 1 else None

    def _role(self, step: LossStep, losses: Any, weights: LossStep | None) -> Role:
        if step.value is not None:
            counted = (
                step.operation is Operation.DIVIDE_NO_NAN
                and step.value == losses.shape.num_elements()
            )
            return Role.SIZE if counted else Role.CONSTANT
        op = strip(self._graph.loss.graph.get_tensor_by_name(step.tensor)).op
        if op.type == "Size" and self._has_shape(op.inputs[0], losses):
            return Role.SIZE
        if op.type == "StridedSlice" and op.inputs[0].op.type == "Shape":
            return Role.BATCH if self._is_batch_size(op) else Role.OTHER
        if op.type == "Sum" and reduced_axes(op) is None and self._has_shape(op.inputs[0], losses):
            return self._role_of_sum(op, weights)
        return Role.OTHER

    def _role_of_sum(self, op: Any, weights: LossStep | None) -> Role:
        counted, body = op_patterns.count_of(op), op_patterns.without_ones(op.inputs[0])
        if counted is not None:
            if constant(counted) not in (None, 0.0):
                return Role.SIZE
            return Role.COUNT_NONZERO if self._are(counted, weights) else Role.OTHER
        if body is None or constant(body) == 1.0:
            return Role.SIZE
        return Role.SUM_OF_WEIGHTS if self._are(body, weights) else Role.OTHER

    def _is_batch_size(self, op: Any) -> bool:
        """Tells whether a slice takes the batch's size out of a shape."""
        place = tf.get_static_value(op.inputs[1])
        names = self._graph.axes.names(op.inputs[0].op.inputs[0])
        if place is None or not op.get_attr("shrink_axis_mask"):
            return False
        return names[int(place[0])] == BATCH if -len(names) <= place[0] < len(names) else False

    def _has_shape(self, tensor: Any, losses: Any, depth: int = 8) -> bool:
        """Tells whether a tensor certainly has the shape of the losses."""
        if tensor is losses or (tensor.shape.is_fully_defined() and tensor.shape == losses.shape):
            return True
        if depth == 0 or tensor.shape.rank is None or not same_rank(tensor, losses):
            return False
        ours, theirs = self._graph.axes.of(tensor), self._graph.axes.of(losses)
        if ours == theirs and all(n and (n.isdigit() or n.startswith(BATCH)) for n in ours or ()):
            return True
        source, op = op_patterns.shaped_as(tensor), tensor.op
        if source is not tensor:
            return self._has_shape(source, losses, depth - 1)
        known = op.type in ELEMENTWISE | {"Select"}
        return known and any(self._has_shape(one, losses, depth - 1) for one in op.inputs)

    def _are(self, tensor: Any, weights: LossStep | None) -> bool:
        if weights is None:
            return False
        if weights.tensor == "":
            return constant(tensor) == weights.value
        return strip(tensor) is strip(self._graph.loss.graph.get_tensor_by_name(weights.tensor))
