"""The terms of a ledger, made of what the walk found."""

import dataclasses
from typing import Any

from estimator_compat.ledger.dependencies import variables_of
from estimator_compat.ledger.divisor_roles import with_roles
from estimator_compat.ledger.linear_walk import Part, Walk
from estimator_compat.ledger.loss_graph import LossGraph, reduced_axes
from estimator_compat.ledger.op_patterns import strip
from estimator_compat.ledger.source_lines import line_of
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge


class Terms:
    """Makes the terms of one graph."""

    def __init__(self, graph: LossGraph, walk: Walk) -> None:
        self._graph, self._walk = graph, walk

    def term(self, part: Part) -> LossTerm:
        """The term of a part of the loss."""
        tensor = part.tensor
        fed = self._graph.origins.is_fed(tensor)
        many = not self._graph.is_one(tensor) and not self._walk.is_stack(tensor)
        many &= self._graph.loss.shape.rank != 0 or any(step.reduces for step in part.steps)
        trained = self._graph.origins.is_trained(tensor) and not any(
            step.operation is Operation.STOP_GRADIENT for step in part.steps
        )
        common: dict[str, Any] = {
            "name": "",
            "tensors": (tensor.name,),
            "shape": None if tensor.shape.rank is None else tuple(tensor.shape.as_list()),
            "trained": trained,
            "line": line_of(tensor.op),
        }
        if fed and many:
            return self._data_term(part, common)
        if fed:
            op = strip(tensor).op
            why = f"{op.name} of type {op.type}: {_why(op)}"
            text = f"{op.type}({op.name})"
            return LossTerm(**common, kind=Kind.OPAQUE, op=text, steps=part.steps, stopped_by=why)
        variables = variables_of(tensor)
        if not variables:
            text = self._graph.texts.of(tensor)
            return LossTerm(**common, kind=Kind.CONSTANT, op=text, steps=part.steps)
        return LossTerm(
            **common,
            kind=Kind.REGULARIZATION,
            op=self._penalty_text(tensor, variables),
            steps=part.steps,
            variables=variables,
        )

    def _penalty_text(self, tensor: Any, variables: tuple[str, ...]) -> str:
        """Names a function of one variable, or writes the whole expression."""
        name = _penalty(tensor)
        if name is not None and len(variables) == 1:
            return name
        text = self._graph.texts.of(tensor)
        return text if not text.isidentifier() else f"{text}({', '.join(variables)})"

    def _data_term(self, part: Part, common: dict[str, Any]) -> LossTerm:
        names = self._graph.axes.names(part.tensor)
        term = LossTerm(
            **common,
            kind=Kind.DATA,
            op=self._graph.texts.loss(part.tensor),
            axes=names,
            batch_axis=self._graph.batch_axis(part.tensor),
            steps=_sign_first(part.steps),
            broadcast=_broadcast(part.tensor),
        )
        return dataclasses.replace(term, steps=with_roles(term, part.tensor, self._graph))


def _sign_first(steps: tuple[LossStep, ...]) -> tuple[LossStep, ...]:
    """Moves a change of sign to the losses, where it belongs; every other step commutes with it."""
    negations = [step for step in steps if step.operation is Operation.NEGATE]
    if any(step.operation is Operation.HALF_SQUARE for step in steps):
        return steps
    rest = tuple(step for step in steps if step.operation is not Operation.NEGATE)
    return (negations[0], *rest) if len(negations) % 2 else rest


def _broadcast(tensor: Any) -> str:
    """Finds where a vector met a column on the way to the losses, which compares all pairs.

    It looks at the operations next to the losses, and only at numbers: shapes meet in data edges.
    """
    near = graph_traversal.ancestors(
        [tensor], control_inputs=False, through=_is_floating, stop_at=_is_layer
    )
    for op in near[:40]:
        if _is_layer(op):
            continue
        shapes = sorted((one.shape for one in op.inputs if one.shape.rank), key=lambda s: s.rank)
        if op.type in ("Sub", "SquaredDifference", "Mul", "AddV2") and len(shapes) == 2:
            low, high = shapes
            if low.rank == 1 and high.rank == 2 and high[1] == 1 and low[0] != 1:
                return f"{op.name}: {low} meets {high}"
    return ""


def _is_layer(op: Any) -> bool:
    return op.type in ("MatMul", "BatchMatMulV2", "Conv2D", "BiasAdd")


def _is_floating(edge: Edge) -> bool:
    return edge.tensor is not None and edge.tensor.dtype.is_floating


def _penalty(tensor: Any) -> str | None:
    """Names a well-known function of one variable; "" for the variable itself."""
    op = tensor.op
    if _is_variable(tensor):
        return ""
    if op.type == "L2Loss":
        return "l2" if _is_variable(op.inputs[0]) else None
    if op.type not in ("Mean", "Sum") or reduced_axes(op) is not None:
        return None
    body = strip(op.inputs[0]).op
    if body.type not in ("Abs", "Square") or not _is_variable(body.inputs[0]):
        return None
    if (op.type, body.type) == ("Sum", "Abs"):
        return "l1"
    return f"{op.type.lower()}_of_{'squares' if body.type == 'Square' else 'absolutes'}"


def _is_variable(tensor: Any) -> bool:
    """Tells whether a tensor is the value of a variable."""
    return strip(tensor).op.type in ("ReadVariableOp", "VariableV2", "Variable")


def _why(op: Any) -> str:
    if op.type in ("Mul", "RealDiv", "DivNoNan", "Div"):
        return "both of its inputs depend on the model, so that neither is a weight of the other"
    return "it is not linear in the losses behind it"
