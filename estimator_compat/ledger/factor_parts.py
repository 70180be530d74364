"""Decides what a factor of the losses is a part of: their weights, or the losses themselves.

A factor is weights if the reduction declares it: `tf.losses` has checked it, or the losses are
divided by its sum or by the count of its nonzero elements. Without such a declaration it is weights
if its ops compute no negative value, as for a mask. The labels of a cross-entropy are no weights.
"""

from collections.abc import Iterable, Iterator

from estimator_compat.ledger import value_bounds
from estimator_compat.ledger.axis_names import is_batch
from estimator_compat.ledger.loss_graph import LossGraph, reduced_axes
from estimator_compat.ledger.loss_names import (
    compares_equal,
    is_label_times_log,
    is_log_probability,
    known_loss,
)
from estimator_compat.ledger.op_patterns import (
    constant,
    count_of,
    only_adds_axes,
    same_values,
    strip,
    without_ones,
)
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.type_aliases import Operation as GraphOperation
from estimator_compat.type_aliases import Tensor

# What is assumed of inputs, to see whether a factor of them may be weights. The bound 1 is that of
# a mask, so that one minus a mask may be weights, too.
_MASK = value_bounds.Bounds(0.0, 1.0)
_REDUCTIONS = ("Max", "Mean", "Min", "Prod", "Sum")


def declared(graph: LossGraph, steps: Iterable[LossStep]) -> list[Tensor]:
    """Returns the tensors by whose sum, mean or count of nonzero elements some steps divide."""
    found: list[Tensor] = []
    for step in steps:
        if step.divides and step.tensor:
            found += summed_by(graph.loss.graph.get_tensor_by_name(step.tensor))
    return found


def summed_by(divisor: Tensor) -> list[Tensor]:
    """Returns the tensors that a divisor sums, averages or counts, and the factors of each.

    A divisor may be guarded against 0, as in `sum(w) + 1e-8` or `max(sum(w), 1)`.
    """
    op = strip(divisor).op
    if op.type in ("Add", "AddV2", "Maximum"):
        for guarded, guard in (tuple(op.inputs), tuple(op.inputs)[::-1]):
            if constant(guard) is not None:
                return summed_by(guarded)
    summed = count_of(op)
    if summed is None and op.type in ("Mean", "Sum"):
        summed = without_ones(op.inputs[0])
    return [] if summed is None else list(_factors(summed))


def is_among(tensor: Tensor, others: Iterable[Tensor]) -> bool:
    """Returns whether a tensor has the same elements as one of the others."""
    return any(same_values(tensor, other) for other in others)


def _factors(tensor: Tensor, depth: int = 4) -> Iterator[Tensor]:
    """Yields a tensor without its renames and casts, and the factors of a product."""
    inner = strip(tensor)
    yield inner
    if inner.op.type == "Mul" and depth:
        for factor in inner.op.inputs:
            yield from _factors(factor, depth - 1)


class FactorParts:
    """Decides about the factors of one loss.

    Args:
      graph: The graph of the loss.
    """

    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph

    def of_weights(
        self,
        losses: Tensor,
        factor: Tensor,
        *,
        is_declared: bool,
        after: tuple[LossStep, ...],
    ) -> Part | None:
        """Returns what a factor is a part of; None if product and factor cannot be separated.

        Args:
          losses: The other factor.
          factor: The factor, a tensor of more than one element.
          is_declared: Whether the reduction declares the factor as weights.
          after: The steps from the product to the loss.
        """
        if is_label_times_log(losses, factor, is_declared=is_declared):
            return None
        if is_declared:
            return Part.WEIGHTS
        if is_log_probability(losses) and self._is_label(factor):
            return None
        if value_bounds.bounds(factor).not_negative:
            return Part.WEIGHTS
        found = value_bounds.bounds(factor, of_unknown=_MASK)
        # A label switches a loss on and off. Weights of labels, such as 1 + 2 * y, are never 0.
        is_label = found.low == 0 and self._graph.reads_only_labels(factor)
        if not found.not_negative or is_label:
            return Part.LOSSES
        if _is_negated(after) or _is_likelihood(losses):
            return Part.LOSSES
        return Part.WEIGHTS_IF_NOT_NEGATIVE

    def _is_label(self, factor: Tensor) -> bool:
        """Returns whether a factor of log-probabilities is labels: it is compared with a class."""
        return compares_equal(factor) and self._graph.reads_only_labels(factor)

    def is_normalized(self, weights: Tensor) -> bool:
        """Returns whether weights are divided by a sum or another reduction over the batch."""
        op = _behind_axes(weights)
        if op.type in ("Mul", "RealDiv", "DivNoNan") and any(map(self._reduces_batch, op.inputs)):
            return True
        return self.has_softmax_of_batch(weights)

    def has_softmax_of_batch(self, product: Tensor) -> bool:
        """Returns whether a factor of a product is a softmax over the examples of the batch."""
        op = _behind_axes(product)
        if op.type == "Softmax":
            names = self._graph.axes.of(op.inputs[0])
            return names is not None and is_batch(names[-1])
        if op.type in ("Mul", "RealDiv", "DivNoNan"):
            return any(map(self.has_softmax_of_batch, op.inputs))
        return False

    def _reduces_batch(self, tensor: Tensor, depth: int = 8) -> bool:
        """Returns whether a tensor is computed from a reduction over the examples."""
        op = strip(tensor).op
        if op.type in _REDUCTIONS and self._graph.dependencies.depends_on_input(op.outputs[0]):
            return self._is_over_batch(op)
        if depth == 0 or not op.inputs or op.outputs[0].dtype.is_bool:
            return False
        followed = ("Add", "AddV2", "Maximum", "Reciprocal", "Rsqrt", "Sqrt", "Square", "Mul")
        return op.type in followed and any(
            self._reduces_batch(operand, depth - 1) for operand in op.inputs
        )

    def _is_over_batch(self, op: GraphOperation) -> bool:
        axes, names = reduced_axes(op), self._graph.axes.of(op.inputs[0])
        if axes is None or names is None:
            return True
        return any(is_batch(names[axis]) or names[axis] is None for axis in axes)


def _behind_axes(tensor: Tensor) -> GraphOperation:
    """Returns the op that computes a tensor's values, without renames and added axes."""
    op = strip(tensor).op
    while op.type == "StopGradient" or (op.type == "StridedSlice" and only_adds_axes(op)):
        op = strip(op.inputs[0]).op
    return op


def _is_negated(steps: tuple[LossStep, ...]) -> bool:
    """Returns whether the steps negate the losses, as for a likelihood."""
    return sum(step.operation is Operation.NEGATE for step in steps) % 2 == 1


def _is_likelihood(losses: Tensor) -> bool:
    """Returns whether losses are the negation of a loss, such as a log-likelihood."""
    op = strip(losses).op
    if known_loss(losses) == "log_likelihood" or value_bounds.bounds(losses).high <= 0:
        return True
    return op.type == "Neg" and known_loss(op.inputs[0]) not in (None, "log_likelihood")
