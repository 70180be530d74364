"""The scaling of a loss by the number of replicas, as an Estimator had its optimizers do it.

The optimizers of `tf.compat.v1.train` add up the gradients of all replicas. Under an Estimator they
first divided the loss by the number of replicas, unless the last loss that was reduced with
`tf.losses` was reduced by SUM. What turns this on is private to TensorFlow, and so is what tells
whether it was done; there is no public way to either, because nothing but the Estimator was meant
to. The code is still part of TensorFlow's optimizers. These two symbols stand here and nowhere
else; `tests/migrate/hosting/replicas/test_loss_scaling.py` tells when they move.
"""

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1


def as_an_estimator(strategy: tf.distribute.Strategy) -> AbstractContextManager[Any]:
    """Returns the context in which optimizers scale the losses of `strategy`'s replicas."""
    return strategy._scale_loss_for_estimator_enabled()


def reported_by(graph: tf.Graph) -> Any:
    """Returns how an Estimator made one loss of the replicas' losses, to report it.

    It is asked inside of the context, when all replicas were built.
    """
    if getattr(graph, "_is_loss_scaled_by_optimizer", False):
        return tf1.distribute.get_loss_reduction()
    return tf.distribute.ReduceOp.SUM
