"""Finds which tensors behind a loss depend on the input, and which on variables."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge
from estimator_compat.type_aliases import Graph, Operation, Tensor

# Prefixes of the types of ops whose outputs are input, even if they are not among the features and
# labels. Random numbers count as input, too.
_SOURCES = (
    "Iterator",
    "Placeholder",
    "PyFunc",
    "Queue",
    "Random",
    "Reader",
    "StatelessRandom",
    "StatelessTruncated",
    "TruncatedNormal",
)
_VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
# No gradient flows through these ops, although their outputs have a floating-point dtype.
_STOPS = frozenset(
    {
        "Ceil",
        "Floor",
        "OnesLike",
        "PreventGradient",
        "Rint",
        "Round",
        "Sign",
        "StopGradient",
        "ZerosLike",
    }
)


class Dependencies:
    """The dependencies of a loss's ancestors on the input and on variables.

    Control edges are not followed: an operation takes no value through them, and no gradient flows.

    Args:
      loss: The loss; the methods answer for its ancestors only.
      inputs: The tensors of features and labels.
    """

    def __init__(self, loss: Tensor, inputs: Iterable[Tensor]) -> None:
        ops = set(graph_traversal.ancestors([loss], control_inputs=False))
        given = {tensor.op for tensor in inputs}
        variables, captured = _trainable(loss.graph), captured_names(loss.graph)
        sources = (op for op in ops if op in given or op.type.startswith(_SOURCES))
        self._fed = graph_traversal.descendants(
            (op for op in sources if op not in captured), within=ops, control_inputs=False
        )
        self._trained = graph_traversal.descendants(
            ops & variables, within=ops, control_inputs=False, through=_passes_gradient
        )

    def depends_on_input(self, tensor: Tensor) -> bool:
        """Returns whether a tensor depends on features, labels or random numbers."""
        return tensor.op in self._fed

    def is_trained(self, tensor: Tensor) -> bool:
        """Returns whether a gradient flows from a tensor to a trainable variable."""
        return tensor.op in self._trained and _is_differentiable(tensor.dtype)

    def is_trained_on_input(self, tensor: Tensor) -> bool:
        """Returns whether a tensor depends on the input and a gradient flows from it."""
        return self.depends_on_input(tensor) and self.is_trained(tensor)


def variables_of(tensor: Tensor) -> tuple[str, ...]:
    """Names the variables that a tensor is computed from, sorted."""
    ops = graph_traversal.ancestors([tensor], control_inputs=False)
    captured = captured_names(tensor.graph)
    found = (captured.get(op, op.name if op.type in _VARIABLES else "") for op in ops)
    return tuple(sorted(name for name in found if name))


def _trainable(graph: Graph) -> set[Operation]:
    """Returns the ops of trainable variables; for captured variables, their placeholders' ops."""
    with graph.as_default():
        variables = tf1.trainable_variables()
    ops = {
        getattr(v, "handle", v).op for v in variables if hasattr(v, "op") or hasattr(v, "handle")
    }
    trainable = {id(v.handle) for v in getattr(graph, "trainable_variables", ())}
    return ops | {inner.op for outer, inner in _resources(graph) if id(outer) in trainable}


def captured_names(graph: Graph) -> dict[Operation, str]:
    """Names the variables that a function's graph captured, by the placeholders' ops."""
    names = {id(v.handle): v.name.partition(":")[0] for v in getattr(graph, "variables", ())}
    return {inner.op: names.get(id(outer), inner.op.name) for outer, inner in _resources(graph)}


def _resources(graph: Graph) -> list[tuple[Tensor, Tensor]]:
    """Returns the resources that a function's graph captured, and their placeholders."""
    pairs = getattr(graph, "captures", ())
    return [(outer, inner) for outer, inner in pairs if inner.dtype == tf.resource]


def _passes_gradient(edge: Edge) -> bool:
    is_differentiable = edge.tensor is not None and _is_differentiable(edge.tensor.dtype)
    return is_differentiable and edge.target.type not in _STOPS


def _is_differentiable(dtype: Any) -> bool:
    dtype = dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype in (tf.resource, tf.variant)
