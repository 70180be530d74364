"""`CrossShardOptimizer`: an optimizer that sums gradients over the shards of a TPU."""

from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


class CrossShardOptimizer(tf1.tpu.CrossShardOptimizer):
    """TensorFlow's `CrossShardOptimizer` for one shard, on CPU or GPU.

    With one shard, the sum of a gradient over shards is the gradient itself. TensorFlow's class
    still builds the op for the sum, which only TPUs have. A program that wraps its optimizer
    without a TPU therefore fails at its first step ("No OpKernel was registered to support Op
    'CrossReplicaSum'"). This class omits the sum; everything else is TensorFlow's.
    """

    def apply_gradients(
        self, grads_and_vars: Iterable[Any], global_step: Any = None, name: str | None = None
    ) -> Any:
        """Applies gradients with the wrapped optimizer."""
        optimizer = private_tensorflow.wrapped_optimizer(self)
        return optimizer.apply_gradients(grads_and_vars, global_step, name)
