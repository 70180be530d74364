"""What the operations of optimizers tell of a training step."""

from collections.abc import Collection
from typing import Any

import tensorflow as tf


def of_optimizers(graph: tf.Graph, names: Collection[str]) -> dict[str, tf.Tensor]:
    """What the optimizers' operations on some variables tell, by the names of `StepResult`."""
    found = {}
    rates, gradients = _applied(graph, "lr", names), _applied(graph, "gradient", names)
    if rates:
        found["learning_rate"] = rates[0]
    if gradients:
        # Those of weights of two types, as bfloat16 and float32, add up in the wider one.
        widest = max((one.dtype for one in gradients), key=lambda dtype: dtype.size)
        found["gradient_norm"] = tf.linalg.global_norm([tf.cast(one, widest) for one in gradients])
    return found


def _applied(graph: tf.Graph, name: str, variables: Collection[str]) -> list[Any]:
    """The inputs of that name of the optimizers' operations; none where they are hand-written."""
    found = []
    for op in graph.get_operations():
        applies = op.type.startswith("Resource") and "Apply" in op.type
        if applies and op.inputs[0].op.name in variables:
            names = [argument.name for argument in op.op_def.input_arg]
            # Gradient descent multiplies `alpha` with `delta`.
            for one in ("lr", "alpha") if name == "lr" else ("grad", "delta"):
                if one in names:
                    found.append(op.inputs[names.index(one)])
    return found
