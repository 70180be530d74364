"""Where the tensors behind a loss come from: which depend on the input, which on variables."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge

# Ops whose outputs are input by themselves, whoever made them; drawn noise counts as data, too.
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
# Through these no gradient flows, although their results are numbers.
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


class Origins:
    """What the ancestors of a tensor depend on.

    Control edges are not followed: an operation takes no value through them, and no gradient flows.

    Args:
      loss: The tensor; only its ancestors, and what is asked about them, are known.
      inputs: The tensors of features and labels.
    """

    def __init__(self, loss: Any, inputs: Iterable[Any]) -> None:
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

    def is_fed(self, tensor: Any) -> bool:
        """Tells whether a tensor depends on features, labels or drawn noise."""
        return tensor.op in self._fed

    def is_trained(self, tensor: Any) -> bool:
        """Tells whether a gradient flows from a tensor to a trainable variable."""
        return tensor.op in self._trained and _is_differentiable(tensor.dtype)

    def is_trained_by_data(self, tensor: Any) -> bool:
        """Tells whether a tensor depends on the input and passes a gradient on."""
        return self.is_fed(tensor) and self.is_trained(tensor)


def variables_of(tensor: Any) -> tuple[str, ...]:
    """Names the variables that a tensor is computed from, sorted."""
    ops = graph_traversal.ancestors([tensor], control_inputs=False)
    captured = captured_names(tensor.graph)
    found = (captured.get(op, op.name if op.type in _VARIABLES else "") for op in ops)
    return tuple(sorted(name for name in found if name))


def _trainable(graph: Any) -> set[Any]:
    with graph.as_default():
        found = tf1.trainable_variables()
    ops = {getattr(v, "handle", v).op for v in found if hasattr(v, "op") or hasattr(v, "handle")}
    trainable = {id(v.handle) for v in getattr(graph, "trainable_variables", ())}
    return ops | {inner.op for outer, inner in _resources(graph) if id(outer) in trainable}


def captured_names(graph: Any) -> dict[Any, str]:
    """Names the variables that a function's graph captured, by the ops that stand for them."""
    names = {id(v.handle): v.name.partition(":")[0] for v in getattr(graph, "variables", ())}
    return {inner.op: names.get(id(outer), inner.op.name) for outer, inner in _resources(graph)}


def _resources(graph: Any) -> list[tuple[Any, Any]]:
    """The resources that a function's graph captured, and the placeholders of them."""
    pairs = getattr(graph, "captures", ())
    return [(outer, inner) for outer, inner in pairs if inner.dtype == tf.resource]


def _passes_gradient(edge: Edge) -> bool:
    is_differentiable = edge.tensor is not None and _is_differentiable(edge.tensor.dtype)
    return is_differentiable and edge.target.type not in _STOPS


def _is_differentiable(dtype: Any) -> bool:
    dtype = dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype in (tf.resource, tf.variant)
