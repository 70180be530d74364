"""The gradients of a model_fn's loss, before the model_fn clips or scales them."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def loss_gradients(loss: Tensor) -> dict[str, Tensor]:
    """Adds the gradients of a loss to the default graph.

    Returns:
      The gradients by the names of their variables. Trainable variables that the loss does not
      depend on are left out.
    """
    variables = tf1.trainable_variables()
    gradients = zip(variables, tf1.gradients(loss, variables), strict=True)
    return {v.op.name: tf.convert_to_tensor(g) for v, g in gradients if g is not None}
