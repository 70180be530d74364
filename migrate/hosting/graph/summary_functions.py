"""Serializes a graph's summaries from the tensors that a training step has computed.

A summary may wait for other operations. The idiom of batch normalization,
`with tf.control_dependencies(update_ops):` around the whole train step, makes the constants of a
summary in it (its tag) wait for the moving averages, and so for the features. In a session this is
no more than an order. The summary's value is computed in the step, and the step has ended when the
summary is serialized, so nothing is left to wait for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Nest


def summarized_tensors(summaries: Iterable[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the tensors that summaries are computed from, each once.

    Merged summaries are taken apart. A summary of an unknown kind stands for itself.
    """
    return list({tensor.name: tensor for tensor in _summarized(summaries)}.values())


def _summarized(summaries: Iterable[tf.Tensor]) -> Iterator[tf.Tensor]:
    for summary in summaries:
        op = summary.op
        if op.type == "MergeSummary":
            yield from _summarized(list(op.inputs))
        elif op.type.endswith("Summary") or op.type == "TensorSummaryV2":
            yield from (tensor for tensor in op.inputs if tensor.op.type != "Const")
        else:
            yield summary


def serializer(
    tensors: Sequence[tf.Tensor], summaries: Sequence[tf.Tensor]
) -> Callable[..., list[tf.Tensor]]:
    """Returns a function from the values of summarized tensors to the serialized summaries.

    Args:
      tensors: The tensors whose values the function takes, as `summarized_tensors` returns them.
      summaries: The serialized summaries of the same graph; at least one.
    """
    given_ops = {tensor.op for tensor in tensors}
    ops = graph_traversal.ancestors(
        summaries, control_inputs=False, stop_at=lambda op: op in given_ops
    )
    definition = tf1.GraphDef()
    definition.node.extend(_alone(op) for op in ops if op not in given_ops)
    names = {tensor.name for tensor in tensors}
    computed = [summary.name for summary in summaries if summary.name not in names]

    def serialize(*values: tf.Tensor) -> Nest:
        given = dict(zip((tensor.name for tensor in tensors), values, strict=True))
        used = {name: value for name, value in given.items() if _is_input(definition, name)}
        found = tf1.import_graph_def(definition, used, computed, name="")
        by_name = {**given, **dict(zip(computed, found, strict=True))}
        return [by_name[summary.name] for summary in summaries]

    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    function: Callable[..., list[tf.Tensor]] = tf1.wrap_function(serialize, signature)
    return function


def _alone(op: tf.Operation) -> tf1.NodeDef:
    """Returns the NodeDef of an operation without the operations that it only waits for."""
    node = tf1.NodeDef()
    node.CopyFrom(op.node_def)
    del node.input[:]
    node.input.extend(name for name in op.node_def.input if not name.startswith("^"))
    node.attr.pop("_class", None)  # it may name an operation that is left out
    return node


def _is_input(definition: tf1.GraphDef, tensor: str) -> bool:
    """Tells whether a node of a GraphDef takes a tensor of this name as an input."""
    short = tensor.removesuffix(":0")
    return any(name in (tensor, short) for node in definition.node for name in node.input)
