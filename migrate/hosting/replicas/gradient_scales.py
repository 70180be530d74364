"""Operations in a graph's gradients by which the gradients can be multiplied later.

When a model_fn takes gradients, the gradient of each sum and each mean is multiplied by an Identity
op with the value 1. The factors are known only after the model is built. When the graph is imported
into a function, the input of an Identity is replaced by its factor. Without factors, the gradients
have the same bits as TensorFlow's.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from estimator_compat.type_aliases import Tensor

_KEY = "migrate_gradient_scales"


def _keepdims_shape(op: tf.Operation) -> Tensor:
    """Returns the shape of a reduction's result with `keepdims`: the reduced axes have size 1."""
    shape = tf.shape(op.inputs[0])
    axes = tf.reshape(op.inputs[1], [-1, 1])
    axes = tf.where(axes < 0, axes + tf.cast(tf.rank(op.inputs[0]), axes.dtype), axes)
    return tf.tensor_scatter_nd_update(shape, axes, tf.ones(tf.size(axes), shape.dtype))


def _of_sum(op: tf.Operation, gradient: Tensor) -> Tensor:
    return tf.broadcast_to(tf.reshape(gradient, _keepdims_shape(op)), tf.shape(op.inputs[0]))


def _of_mean(op: tf.Operation, gradient: Tensor) -> Tensor:
    input_size, output_size = tf.size(op.inputs[0]), tf.size(op.outputs[0])
    count = tf.math.floordiv(input_size, tf.maximum(output_size, 1))
    return _of_sum(op, gradient) / tf.cast(count, gradient.dtype)


def _of_l2_loss(op: tf.Operation, gradient: Tensor) -> Tensor:
    return op.inputs[0] * gradient


_GRADIENTS: dict[str, Callable[[tf.Operation, Tensor], Tensor]] = {
    "Sum": _of_sum,
    "Mean": _of_mean,
    "L2Loss": _of_l2_loss,
}
TYPES = frozenset(_GRADIENTS)


def _register(op_type: str) -> str:
    """Registers the scaled gradient of an op type; returns the name of the gradient."""
    name = f"MigrateScaled{op_type}"

    @tf.RegisterGradient(name)
    def scaled(op: tf.Operation, gradient: Tensor) -> list[Tensor | None]:
        scale = tf.identity(tf.ones([], gradient.dtype), name="scale")
        op.graph.add_to_collection(_KEY, (op, scale))
        # If a replica's share is 0, its divisor may be 0, too, and its gradient NaN.
        result = _GRADIENTS[op_type](op, tf.math.multiply_no_nan(gradient, scale))
        return [result, *[None] * (len(op.inputs) - 1)]

    return name


_NAMES = {op_type: _register(op_type) for op_type in _GRADIENTS}


def recorded(graph: tf.Graph) -> AbstractContextManager[Any]:
    """Returns the context in which gradients get the Identity ops; a model is built in it."""
    context: AbstractContextManager[Any] = graph.gradient_override_map(_NAMES)
    return context


def scales(graph: tf.Graph) -> list[tuple[tf.Operation, tf.Tensor]]:
    """Returns each operation that was differentiated, with the Identity of its gradient."""
    recorded_scales: list[tuple[tf.Operation, tf.Tensor]] = graph.get_collection(_KEY)
    return recorded_scales
