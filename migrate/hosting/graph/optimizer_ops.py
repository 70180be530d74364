"""Learning rate and gradient norm, read from the optimizer's ops."""

from collections.abc import Collection, Sequence

import tensorflow as tf

from estimator_compat.type_aliases import Tensor

# The names of an optimizer op's inputs. Gradient descent multiplies `alpha` by `delta`.
_RATE_INPUTS = ("lr", "alpha")
_GRADIENT_INPUTS = ("grad", "delta")


def step_values(graph: tf.Graph, variables: Collection[str]) -> dict[str, tf.Tensor]:
    """Returns a step's learning rate and gradient norm, by the names of `StepResult`.

    Args:
      graph: The graph of a training step.
      variables: The names of the variables whose optimizer ops are read.

    Returns:
      The learning rate of the first optimizer op, and the global norm of all gradients. A value is
      left out if no op has such an input, as with an optimizer that is written out in other ops.
    """
    values = {}
    rates = _optimizer_inputs(graph, _RATE_INPUTS, variables)
    gradients = _optimizer_inputs(graph, _GRADIENT_INPUTS, variables)
    if rates:
        values["learning_rate"] = rates[0]
    if gradients:
        # Gradients of two dtypes, such as bfloat16 and float32, are added up in the wider dtype.
        widest = max((gradient.dtype for gradient in gradients), key=lambda dtype: dtype.size)
        gradients = [tf.cast(gradient, widest) for gradient in gradients]
        values["gradient_norm"] = tf.linalg.global_norm(gradients)
    return values


def _optimizer_inputs(
    graph: tf.Graph, names: Sequence[str], variables: Collection[str]
) -> list[Tensor]:
    """Returns the inputs of these names of the optimizer ops on these variables."""
    tensors = []
    for op in graph.get_operations():
        is_optimizer = op.type.startswith("Resource") and "Apply" in op.type
        if is_optimizer and op.inputs[0].op.name in variables:
            input_names = [argument.name for argument in op.op_def.input_arg]
            tensors += [op.inputs[input_names.index(name)] for name in names if name in input_names]
    return tensors
