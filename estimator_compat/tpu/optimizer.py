"""`CrossShardOptimizer`: an optimizer that sums gradients over the shards of a TPU."""

from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


class CrossShardOptimizer(tf1.tpu.CrossShardOptimizer):
    """TensorFlow's own on one shard: CPU or GPU.

    There the sum over shards is the gradient itself. TensorFlow's own asks a TPU for it all the
    same, so that a program that wraps its optimizer whether or not it has a TPU fails at its first
    step ("No OpKernel was registered to support Op 'CrossReplicaSum'"). This one leaves the sum
    out; everything else is TensorFlow's.
    """

    def apply_gradients(
        self, grads_and_vars: Iterable[Any], global_step: Any = None, name: str | None = None
    ) -> Any:
        """Applies gradients with the wrapped optimizer."""
        optimizer = private_tensorflow.wrapped_optimizer(self)
        return optimizer.apply_gradients(grads_and_vars, global_step, name)
