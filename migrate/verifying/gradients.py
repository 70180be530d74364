"""The gradients of a model_fn's loss, before the model_fn does anything to them."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1


def loss_gradients(loss: Any) -> dict[str, Any]:
    """Adds the gradients of a loss to the default graph.

    Returns:
      Those by the name of the variable, for the trainable variables that the loss depends on.
    """
    variables = tf1.trainable_variables()
    pairs = zip(variables, tf1.gradients(loss, variables), strict=True)
    return {v.op.name: tf.convert_to_tensor(one) for v, one in pairs if one is not None}
