"""Enters the functions that a loss is computed in: `tf.function`s that a model_fn calls.

In a graph, such a call is one operation, and a session can fetch its results only. `entered` copies
the operations of the function's body into the graph of the loss, and so do the operations between
the call and the loss. The copies are beside the program: the loss that is trained stays as it is.

A function is not entered if its body has operations that may give something else the second time,
such as random numbers, or that change a variable.
"""

import contextlib
import dataclasses
import weakref
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat import private_tensorflow
from estimator_compat.ledger.op_patterns import strip
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Graph, Operation, Tensor

# The name scope of copied operations.
SCOPE = "inlined"
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})
# The types of stateful operations that may be in a function that is entered. The last three check
# or print, and give no value.
_REPEATABLE = _CALLS | _READS | {"If", "While", "Assert", "Print", "PrintV2"}
# The operations of control flow v1 belong to a context, which copies would not have.
_CONTROL_FLOW_V1 = frozenset({"Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch"})


@dataclasses.dataclass(frozen=True, slots=True)
class Original:
    """What a copy does not have of the operation that it is a copy of.

    Attributes:
      traceback: The lines of code that created the operation.
      waits_for: The names of the operations that it waits for.
    """

    traceback: Any
    waits_for: tuple[str, ...]


# The originals of a graph's copied operations, by the names of the copies.
_ORIGINALS: "weakref.WeakKeyDictionary[Graph, dict[str, Original]]" = weakref.WeakKeyDictionary()


def original(op: Operation) -> Original:
    """Returns the traceback and the control inputs of an operation, or of the one it is a copy of.

    Args:
      op: An operation of a graph.
    """
    copied = _ORIGINALS.get(op.graph, {}).get(op.name)
    return copied or Original(op.traceback, tuple(source.name for source in op.control_inputs))


def calls(tensors: Iterable[Tensor]) -> list[Operation]:
    """Returns the calls of functions that can be entered, out of those that compute some tensors.

    Args:
      tensors: Tensors of a graph; renames and casts after a call do not matter.
    """
    found = dict.fromkeys(strip(tensor).op for tensor in tensors)
    return [op for op in found if _body(op) is not None]


def entered(loss: Tensor, called: Collection[Operation]) -> Tensor:
    """Returns a copy of a loss that is computed without some calls.

    Args:
      loss: A tensor of a graph that is not finalized.
      called: Calls of functions, out of `calls`, that the loss is computed from.
    """
    ancestors = set(graph_traversal.ancestors([loss], control_inputs=False))
    behind = graph_traversal.descendants(called, within=ancestors, control_inputs=False)
    copies: dict[str, Tensor] = {}
    with _beside(loss.graph):
        for op in graph_traversal.topological_order([loss]):
            if op in called:
                _enter(op, copies)
            elif op in behind and not op.op_def.is_stateful and op.type not in _CONTROL_FLOW_V1:
                _copy(op, op.graph, op.name, copies)
    return copies.get(loss.name, loss)


def without_calls(tensor: Tensor) -> Tensor:
    """Returns a copy of a tensor that is computed without the calls that can be entered.

    Args:
      tensor: A tensor of a graph; it is returned itself if it is computed without such calls.
    """
    seen: set[Operation] = set()
    while True:
        ancestors = graph_traversal.ancestors([tensor], control_inputs=False)
        called = [op for op in ancestors if op not in seen and _body(op) is not None]
        if not called:
            return tensor
        seen.update(called)
        tensor = entered(tensor, called)


def reads_again(tensor: Tensor) -> bool:
    """Returns whether a tensor is computed from a variable that a copied operation reads."""
    ops = graph_traversal.ancestors([tensor], control_inputs=False)
    return any(op.type in _READS and op.name in _ORIGINALS.get(op.graph, {}) for op in ops)


def _body(op: Operation) -> Graph:
    """Returns the graph of the function that an operation calls; None if it is not to be copied."""
    if op.type not in _CALLS or op.graph.finalized:
        return None
    body = private_tensorflow.function_graph(op.graph, op.get_attr("f").name)
    if body is None or not _is_repeatable(op.graph, op):
        return None
    fits = len(body.inputs) == len(op.inputs) and len(body.outputs) == len(op.outputs)
    return body if fits else None


def _is_repeatable(graph: Graph, call: Operation) -> bool:
    """Returns whether all operations that a call runs give the same if they run once more."""

    def following(op: Operation) -> Iterator[Operation]:
        for attribute in op.node_def.attr.values():
            if attribute.HasField("func"):
                body = private_tensorflow.function_graph(graph, attribute.func.name)
                yield from body.get_operations() if body is not None else ()

    return all(
        op.type in _REPEATABLE or not op.op_def.is_stateful
        for op in graph_traversal.reachable([call], following)
    )


@contextlib.contextmanager
def _beside(graph: Graph) -> Iterator[None]:
    """Creates operations that wait for nothing but their inputs, outside of all name scopes."""
    with graph.as_default(), tf.control_dependencies(None), graph.name_scope(None):
        yield


def _enter(call: Operation, copies: dict[str, Tensor]) -> None:
    """Copies the body of a function, and notes what the results of the call are copied to."""
    body: Graph = _body(call)
    inputs = (copies.get(tensor.name, tensor) for tensor in call.inputs)
    inner = dict(zip((tensor.name for tensor in body.inputs), inputs, strict=True))
    needed = set(graph_traversal.ancestors(body.outputs, control_inputs=False))
    for op in graph_traversal.topological_order(body.outputs):
        if op in needed and op.outputs and op.outputs[0].name not in inner:
            _copy(op, call.graph, f"{call.name}/{op.name}", inner)
    for result, output in zip(call.outputs, body.outputs, strict=True):
        copies[result.name] = inner[output.name]


def _copy(op: Operation, graph: Graph, name: str, copies: dict[str, Tensor]) -> None:
    """Copies an operation into a graph, and notes its copies.

    Args:
      op: The operation, of this graph or of a function's body.
      graph: The graph.
      name: The name of the copy in the scope of copies.
      copies: The copies of tensors by the names of the originals; a tensor that has no copy stands
        for itself.
    """
    # Attributes with an underscore name colocated operations and devices of the original's graph.
    attributes = {key: v for key, v in op.node_def.attr.items() if not key.startswith("_")}
    copied = graph.create_op(
        op.type,
        [copies.get(tensor.name, tensor) for tensor in op.inputs],
        [tensor.dtype for tensor in op.outputs],
        name=f"{SCOPE}/{name.removeprefix(SCOPE + '/')}",
        attrs=attributes,
        op_def=op.op_def,
    )
    _ORIGINALS.setdefault(graph, {})[copied.name] = original(op)
    copies.update(zip((t.name for t in op.outputs), copied.outputs, strict=True))
