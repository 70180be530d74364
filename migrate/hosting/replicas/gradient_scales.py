"""Places in a graph's gradients where a factor can be put in, once the factors are known.

Whatever a model_fn differentiates, the gradient of each sum and mean in it is multiplied by an
Identity of one. When the graph is imported elsewhere, an Identity may be given another input. The
gradients themselves are those of TensorFlow, number for number.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

_KEY = "migrate_gradient_scales"


def _kept(op: tf.Operation) -> Any:
    """The shape of what was reduced, 1 in the place of the axes that are gone."""
    shape = tf.shape(op.inputs[0])
    axes = tf.reshape(op.inputs[1], [-1, 1])
    axes = tf.where(axes < 0, axes + tf.cast(tf.rank(op.inputs[0]), axes.dtype), axes)
    return tf.tensor_scatter_nd_update(shape, axes, tf.ones(tf.size(axes), shape.dtype))


def _of_sum(op: tf.Operation, gradient: Any) -> Any:
    return tf.broadcast_to(tf.reshape(gradient, _kept(op)), tf.shape(op.inputs[0]))


def _of_mean(op: tf.Operation, gradient: Any) -> Any:
    reduced, left = tf.size(op.inputs[0]), tf.size(op.outputs[0])
    count = tf.math.floordiv(reduced, tf.maximum(left, 1))
    return _of_sum(op, gradient) / tf.cast(count, gradient.dtype)


def _of_l2_loss(op: tf.Operation, gradient: Any) -> Any:
    return op.inputs[0] * gradient


_GRADIENTS: dict[str, Callable[[tf.Operation, Any], Any]] = {
    "Sum": _of_sum,
    "Mean": _of_mean,
    "L2Loss": _of_l2_loss,
}
TYPES = frozenset(_GRADIENTS)


def _register(kind: str) -> str:
    name = f"MigrateScaled{kind}"

    @tf.RegisterGradient(name)
    def scaled(op: tf.Operation, gradient: Any) -> list[Any]:
        scale = tf.identity(tf.ones([], gradient.dtype), name="scale")
        op.graph.add_to_collection(_KEY, (op, scale))
        # Where a replica has no share, what it divided by may have been 0.
        found = _GRADIENTS[kind](op, tf.math.multiply_no_nan(gradient, scale))
        return [found, *[None] * (len(op.inputs) - 1)]

    return name


_NAMES = {kind: _register(kind) for kind in _GRADIENTS}


def recorded(graph: tf.Graph) -> AbstractContextManager[Any]:
    """Returns the context in which a model is built whose gradients are to have such places."""
    return graph.gradient_override_map(_NAMES)


def scales(graph: tf.Graph) -> list[tuple[tf.Operation, tf.Tensor]]:
    """The operations that were differentiated, and for each time the place of its factor."""
    return graph.get_collection(_KEY)
