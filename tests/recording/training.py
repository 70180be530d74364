"""Helps to record a training run: records its losses, and fixes the order of its ops."""

from typing import Any

import tensorflow.compat.v1 as tf1

# The collection in which TensorFlow keeps the tensor that hooks read the global step from.
STEP_READ = "global_step_read_op_cache"


def move_the_step_after_its_read() -> None:
    """Makes every v1 optimizer wait for the hooks' read of the global step.

    Nothing else in a graph orders this read and the increment of the step: under the real Estimator
    about one summary in a hundred comes a step early. The added edges are the same under every
    Estimator, and do not change which ops the graph optimizer fuses.
    """
    apply_gradients = tf1.train.Optimizer.apply_gradients

    def ordered(self: Any, *args: Any, **kwargs: Any) -> Any:
        with tf1.control_dependencies(tf1.get_collection(STEP_READ)):
            return apply_gradients(self, *args, **kwargs)

    tf1.train.Optimizer.apply_gradients = ordered


class LossRecorder(tf1.train.SessionRunHook):
    """Keeps the loss of every training step, caught in the same `Session.run`."""

    def __init__(self) -> None:
        self.losses: list[str] = []

    def begin(self) -> None:
        # The Estimator adds the model_fn's loss to this collection, after any of its parts.
        self._loss = tf1.get_collection(tf1.GraphKeys.LOSSES)[-1]

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(float(run_values.results).hex())
