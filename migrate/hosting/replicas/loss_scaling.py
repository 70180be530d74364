"""The scaling of a loss by the number of replicas, as an Estimator had its optimizers do it.

The optimizers of `tf.compat.v1.train` add up the gradients of all replicas. Under an Estimator they
first divided the loss by the number of replicas, unless the last loss that was reduced with
`tf.losses` was reduced by SUM. What turns this on is private to TensorFlow, and so is what tells
whether it was done: see `private_tensorflow`. The code is still part of TensorFlow's optimizers.
"""

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


def as_an_estimator(strategy: tf.distribute.Strategy) -> AbstractContextManager[Any]:
    """Returns the context in which optimizers scale the losses of `strategy`'s replicas."""
    return private_tensorflow.scaled_losses(strategy)


def reported_by(graph: tf.Graph) -> Any:
    """Returns how an Estimator made one loss of the replicas' losses, to report it.

    It is asked inside of the context, when all replicas were built.
    """
    if private_tensorflow.is_loss_scaled(graph):
        return tf1.distribute.get_loss_reduction()
    return tf.distribute.ReduceOp.SUM
