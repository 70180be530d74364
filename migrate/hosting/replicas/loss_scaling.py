"""The division of a loss by the number of replicas, as an Estimator's optimizers did it.

The optimizers of `tf.compat.v1.train` add up the gradients of all replicas. Under an Estimator they
first divided the loss by the number of replicas, unless the last loss that was reduced with
`tf.losses` was reduced by SUM. TensorFlow's optimizers still have this code. The switch that turns
it on, and the record of whether it ran, are private members: see `private_tensorflow`.
"""

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


def as_an_estimator(strategy: tf.distribute.Strategy) -> AbstractContextManager[Any]:
    """Returns the context in which optimizers divide losses by the number of replicas."""
    return private_tensorflow.scaled_losses(strategy)


def reported_by(graph: tf.Graph) -> Any:
    """Returns the `ReduceOp` by which an Estimator reduced the replicas' losses to report one loss.

    It must be called inside the context of `as_an_estimator`, after all replicas are built.
    """
    if private_tensorflow.is_loss_scaled(graph):
        return tf1.distribute.get_loss_reduction()
    return tf.distribute.ReduceOp.SUM
