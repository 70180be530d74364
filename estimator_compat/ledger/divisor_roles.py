"""Finds what each divisor of a term counts: its elements, its examples or its weights."""

import dataclasses

import tensorflow as tf

from estimator_compat.ledger import op_patterns
from estimator_compat.ledger.axis_names import BATCH, OTHER, is_batch
from estimator_compat.ledger.batch_axes import ELEMENTWISE
from estimator_compat.ledger.loss_graph import LossGraph, reduced_axes, same_rank
from estimator_compat.ledger.op_patterns import constant, strip
from estimator_compat.ledger.steps import LossStep, Operation, Part, Role
from estimator_compat.ledger.values import LossTerm
from estimator_compat.type_aliases import Operation as GraphOperation
from estimator_compat.type_aliases import Tensor


def with_roles(term: LossTerm, losses: Tensor, graph: LossGraph) -> tuple[LossStep, ...]:
    """Returns the steps of a term, with the role of each divisor.

    Args:
      term: A term of per-example losses.
      losses: The tensor of its unreduced losses.
      graph: The graph of the loss.
    """
    return _Divisors(graph).with_roles(term, losses)


class _Divisors:
    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph

    def with_roles(self, term: LossTerm, losses: Tensor) -> tuple[LossStep, ...]:
        """Returns the steps of a term, with the role of each divisor."""
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
        """Returns the only step that weights the losses, or None.

        A multiplication by a number counts as weights if the term has no other weights.
        """
        if term.weightings:
            return term.weights
        numbers = [
            s
            for s in term.before_reduction
            if s.operation is Operation.MULTIPLY and s.part is not Part.LOSSES
        ]
        return numbers[0] if len(numbers) == 1 else None

    def _role(self, step: LossStep, losses: Tensor, weights: LossStep | None) -> Role:
        if step.value is not None:
            is_size = (
                step.operation is Operation.DIVIDE_NO_NAN
                and step.value == losses.shape.num_elements()
            )
            return Role.SIZE if is_size else Role.CONSTANT
        op = strip(self._graph.loss.graph.get_tensor_by_name(step.tensor)).op
        if op.type == "Size" and (
            self._has_shape(op.inputs[0], losses)
            # Renames keep the number of elements, such as an added axis of size 1.
            or self._has_shape(strip(op.inputs[0]), strip(losses))
            or _are_labels(op.inputs[0], losses)
        ):
            return Role.SIZE
        if op.type == "StridedSlice" and op.inputs[0].op.type == "Shape":
            # An axis that could not be followed is not known to be the batch.
            has_batch = any(map(is_batch, self._graph.axes.of(losses) or ()))
            return Role.BATCH if has_batch and self._is_batch_size(op) else Role.OTHER
        if op.type == "Sum" and reduced_axes(op) is None and self._has_shape(op.inputs[0], losses):
            return self._role_of_sum(op, weights)
        return Role.OTHER

    def _role_of_sum(self, op: GraphOperation, weights: LossStep | None) -> Role:
        counted, summed = op_patterns.count_of(op), op_patterns.without_ones(op.inputs[0])
        if counted is not None:
            if constant(counted) not in (None, 0.0):
                return Role.SIZE
            return Role.COUNT_NONZERO if self._is_weights(counted, weights) else Role.OTHER
        if summed is None or constant(summed) == 1.0:
            return Role.SIZE
        return Role.SUM_OF_WEIGHTS if self._is_weights(summed, weights) else Role.OTHER

    def _is_batch_size(self, op: GraphOperation) -> bool:
        """Returns whether a slice takes the size of the batch axis out of a shape."""
        begin = tf.get_static_value(op.inputs[1])
        names = self._graph.axes.of(op.inputs[0].op.inputs[0])
        if begin is None or names is None or not op.get_attr("shrink_axis_mask"):
            return False
        axis = int(begin[0])
        return -len(names) <= axis < len(names) and names[axis] == BATCH

    def _has_shape(self, tensor: Tensor, losses: Tensor, depth: int = 8) -> bool:
        """Returns whether a tensor certainly has the shape of the losses.

        Args:
          tensor: The tensor.
          losses: The losses.
          depth: How many ops to follow at most.
        """
        if tensor is losses or (tensor.shape.is_fully_defined() and tensor.shape == losses.shape):
            return True
        source, op = op_patterns.shaped_as(tensor), tensor.op
        if depth and source is not tensor:
            return self._has_shape(source, losses, depth - 1)
        if depth and op.type in ELEMENTWISE | {"Select"}:
            operands = [operand for operand in op.inputs if operand.shape.rank != 0]
            is_enlarged = len(operands) > 1 and any(_enlarges(o, losses) for o in operands)
            if not is_enlarged and any(self._has_shape(o, losses, depth - 1) for o in operands):
                return True
        if tensor.shape.rank is None or not same_rank(tensor, losses):
            return False
        names, loss_names = self._graph.axes.of(tensor), self._graph.axes.of(losses)
        return names == loss_names and all(map(_has_known_size, names or ()))

    def _is_weights(self, tensor: Tensor, weights: LossStep | None) -> bool:
        """Returns whether a tensor is the weights of the losses."""
        if weights is None:
            return False
        if weights.tensor == "":
            return constant(tensor) == weights.value
        summed = strip(tensor)
        if weights.operation is Operation.DROP_WHERE:
            if summed.op.type != "LogicalNot":
                return False
            summed = strip(summed.op.inputs[0])
        tensor = self._graph.loss.graph.get_tensor_by_name(weights.tensor)
        return op_patterns.same_values(summed, tensor)


def _are_labels(tensor: Tensor, losses: Tensor) -> bool:
    """Returns whether a tensor is the labels of cross-entropies: one label for each loss."""
    op = strip(losses).op
    is_known = op.type == "SparseSoftmaxCrossEntropyWithLogits"
    return is_known and op_patterns.same_values(tensor, op.inputs[1])


def _enlarges(operand: Tensor, losses: Tensor) -> bool:
    """Returns whether an operand may broadcast losses to a larger shape."""
    if operand.shape.rank is None or losses.shape.rank is None:
        return True
    if operand.shape.rank > losses.shape.rank:
        return True
    aligned = zip(reversed(operand.shape.as_list()), reversed(losses.shape.as_list()), strict=False)
    return any(own != 1 and size == 1 for own, size in aligned)


def _has_known_size(name: str | None) -> bool:
    """Returns whether equal names of two axes mean equal sizes."""
    first, _, times = (name or "").partition("*")
    return first.isdigit() or (first == BATCH and times != OTHER)
