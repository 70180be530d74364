"""Builds the terms of a ledger from the addends that the walk found."""

import dataclasses
from typing import Any

from estimator_compat.ledger.dependencies import variables_of
from estimator_compat.ledger.divisor_roles import with_roles
from estimator_compat.ledger.expressions import TensorExpressions
from estimator_compat.ledger.factor_parts import FactorParts
from estimator_compat.ledger.linear_walk import Addend, LinearWalk
from estimator_compat.ledger.loss_graph import LossGraph, reduced_axes
from estimator_compat.ledger.op_patterns import strip
from estimator_compat.ledger.signed_numbers import cancelled
from estimator_compat.ledger.source_lines import line_of
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge
from estimator_compat.type_aliases import Operation as GraphOperation
from estimator_compat.type_aliases import Tensor


class TermBuilder:
    """Builds the terms of one loss.

    Args:
      graph: The graph of the loss.
      walk: The walk that yields the addends.
    """

    def __init__(self, graph: LossGraph, walk: LinearWalk) -> None:
        self._graph, self._walk = graph, walk
        self._parts = FactorParts(graph)

    def term(self, addend: Addend) -> LossTerm:
        """Returns the term of an addend, without a name: the names are given later."""
        tensor = addend.tensor
        common = self._common_fields(addend)
        if self._graph.dependencies.depends_on_input(tensor):
            if self._are_losses(addend):
                return self._data_term(addend, common)
            return _opaque_term(addend, common)
        variables = variables_of(tensor)
        if variables:
            return LossTerm(
                **common,
                kind=Kind.REGULARIZATION,
                op=self._penalty_text(tensor, variables),
                steps=addend.steps,
                variables=variables,
            )
        text = self._graph.expressions.of(tensor)
        return LossTerm(**common, kind=Kind.CONSTANT, op=text, steps=addend.steps)

    def _common_fields(self, addend: Addend) -> dict[str, Any]:
        """Returns the fields that the terms of all kinds have."""
        tensor = addend.tensor
        is_stopped = any(step.operation is Operation.STOP_GRADIENT for step in addend.steps)
        return {
            "name": "",
            "tensors": (tensor.name,),
            "shape": None if tensor.shape.rank is None else tuple(tensor.shape.as_list()),
            "trained": self._graph.dependencies.is_trained(tensor) and not is_stopped,
            "line": line_of(tensor.op),
        }

    def _are_losses(self, addend: Addend) -> bool:
        """Returns whether an addend's tensor is the losses of several examples."""
        if self._graph.is_number(addend.tensor) or self._walk.is_stack(addend.tensor):
            return False
        return self._graph.loss.shape.rank != 0 or any(step.reduces for step in addend.steps)

    def _penalty_text(self, tensor: Tensor, variables: tuple[str, ...]) -> str:
        """Names a known function of one variable, or writes the whole expression."""
        name = _penalty(tensor)
        if name is not None and len(variables) == 1:
            return name
        text = self._graph.expressions.of(tensor)
        return text if not text.isidentifier() else f"{text}({', '.join(variables)})"

    def _data_term(self, addend: Addend, common: dict[str, Any]) -> LossTerm:
        expressions = self._graph.expressions.of_one_formula()
        term = LossTerm(
            **common,
            kind=Kind.DATA,
            op=expressions.of_losses(addend.tensor),
            axes=self._graph.axes.names(addend.tensor),
            batch_axis=self._graph.batch_axis(addend.tensor),
            steps=cancelled(tuple(self._written(step, expressions) for step in addend.steps)),
            broadcast=_broadcast(addend.tensor),
        )
        return dataclasses.replace(
            term,
            steps=with_roles(term, addend.tensor, self._graph),
            doubt=self._doubt(term, addend.tensor),
        )

    def _written(self, step: LossStep, expressions: TensorExpressions) -> LossStep:
        """Writes the operand of a step in the names of one formula."""
        if not step.tensor:
            return step
        operand = self._graph.loss.graph.get_tensor_by_name(step.tensor)
        return dataclasses.replace(step, operand=expressions.of(operand))

    def _doubt(self, term: LossTerm, losses: Tensor) -> str:
        """Says why the weighted mean over several batches is not known; "" if it is."""
        if self._parts.has_softmax_of_batch(losses):
            return "the losses have a softmax over the batch as a factor"
        for step in term.weightings:
            weights = self._graph.loss.graph.get_tensor_by_name(step.tensor)
            if self._parts.is_normalized(weights):
                return f"the weights {step.operand} are normalized within the batch"
            if term.shape is None and step not in term.before_reduction:
                return f"the weights {step.operand} are applied to losses of unknown rank"
        if not term.weightings and self._walk.hides_weights(losses, term.steps):
            return "its elements are selected from a product of losses and weights"
        return ""


def _opaque_term(addend: Addend, common: dict[str, Any]) -> LossTerm:
    op = strip(addend.tensor).op
    return LossTerm(
        **common,
        kind=Kind.OPAQUE,
        op=f"{op.type}({op.name})",
        steps=addend.steps,
        stopped_by=f"{op.name} of type {op.type}: {_reason(op)}",
    )


def _broadcast(tensor: Tensor) -> str:
    """Finds an op near the losses that combines a vector `[n]` with a column `[m, 1]`.

    Such an op computes a value for each pair of elements: `[m, n]`. The search follows only data
    edges of floating-point values, because only these carry values that are combined.

    Returns:
      The op and both shapes as text; "" if there is no such op.
    """
    near = graph_traversal.ancestors(
        [tensor], control_inputs=False, through=_is_floating, stop_at=_is_layer
    )
    for op in near[:40]:
        if _is_layer(op):
            continue
        # As lists: a size of a shape of TensorFlow 1 is an object that equals nothing if unknown.
        shapes = [operand.shape.as_list() for operand in op.inputs if operand.shape.rank]
        if op.type in ("Sub", "SquaredDifference", "Mul", "AddV2") and len(shapes) == 2:
            low, high = sorted(shapes, key=len)
            if len(low) == 1 and len(high) == 2 and high[1] == 1 and low[0] != 1:
                return f"{op.name}: {tuple(low)} meets {tuple(high)}"
    return ""


def _is_layer(op: GraphOperation) -> bool:
    return op.type in ("MatMul", "BatchMatMulV2", "Conv2D", "BiasAdd")


def _is_floating(edge: Edge) -> bool:
    return edge.tensor is not None and edge.tensor.dtype.is_floating


def _penalty(tensor: Tensor) -> str | None:
    """Names a known function of one variable; "" for the variable itself, None for others."""
    op = tensor.op
    if _is_variable(tensor):
        return ""
    if op.type == "L2Loss":
        return "l2" if _is_variable(op.inputs[0]) else None
    if op.type not in ("Mean", "Sum") or reduced_axes(op) is not None:
        return None
    summed = strip(op.inputs[0]).op
    if summed.type not in ("Abs", "Square") or not _is_variable(summed.inputs[0]):
        return None
    if (op.type, summed.type) == ("Sum", "Abs"):
        return "l1"
    return f"{op.type.lower()}_of_{'squares' if summed.type == 'Square' else 'absolutes'}"


def _is_variable(tensor: Tensor) -> bool:
    """Returns whether a tensor is the value of a variable."""
    return strip(tensor).op.type in ("ReadVariableOp", "VariableV2", "Variable")


def _reason(op: GraphOperation) -> str:
    """Says why the walk cannot pass an op."""
    if op.type in ("Mul", "RealDiv", "DivNoNan", "Div"):
        return "both of its inputs depend on the model, so that neither is a weight of the other"
    return "it is not linear in the losses behind it"
