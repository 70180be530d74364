"""Custom training loops, one after another, that make a block of steps for each request.

    python -m tests.benchmarks.loop_worker small hosted

The protocol is `worker`'s: a line `STEPS HOW` asks for a block, and `new` for a new run, whose
variables and functions are built anew; HOW has no meaning here. A block is one call of `train`: its
steps, a summary of the loss every 100 steps, and the checkpoint at its end. An Estimator's block is
a part of one call of `train`, and has no checkpoint.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.benchmarks import models
from tests.benchmarks.clock import Clock

STEPS_PER_LOOP = 100
LEGACY_KERAS = {"GradientDescent": "SGD", "Adam": "Adam"}


def hosted(model: models.Model, folder: str, *, jit_compile: bool) -> Any:
    """Hosts the model_fn with the default RunConfig: summaries and a log line every 100 steps."""
    # Imported here, so that the memory of a loop written by hand is without them.
    import estimator_compat
    from migrate.hosting.host import host

    return host(
        models.build_model_fn(estimator_compat, model, None),
        input_fn=functools.partial(models.input_fn, model),
        config=estimator_compat.RunConfig(model_dir=folder),
        loss_summaries=False,
        jit_compile=jit_compile,
    )


class LoopVariables:
    """The variables of a loop written by hand; each is created when it is first used."""

    def __init__(self) -> None:
        self.known: dict[str, tf.Variable] = {}

    def get(
        self, name: str, shape: list[int], initializer: Any = None, *, trainable: bool = True
    ) -> Any:
        if name not in self.known:
            value = (initializer or tf1.glorot_uniform_initializer())(shape, tf.float32)
            self.known[name] = tf.Variable(value, trainable=trainable)
        return self.known[name]

    def update(self, variable: Any, value: Any) -> None:
        variable.assign(value)


class HandWritten:
    """The loop that a person would write for speed: many steps in one `tf.function`."""

    def __init__(self, model: models.Model, folder: str, *, jit_compile: bool) -> None:
        from tf_keras.optimizers import legacy

        self.variables = LoopVariables()
        self._model = model
        model.forward(self.variables, next(iter(models.input_fn(model)))[0])
        name, rate = model.optimizer
        # Keras's Adam adds another epsilon than tf.train's.
        more = {"epsilon": 1e-8} if name == "Adam" else {}
        self._optimizer = getattr(legacy, LEGACY_KERAS[name])(rate, **more)
        self._one = tf.function(self._step, jit_compile=True) if jit_compile else self._step
        self._many = tf.function(self._steps, reduce_retracing=True)
        checkpoint = tf.train.Checkpoint(variables=self.variables.known, optimizer=self._optimizer)
        self._checkpoints = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=5)
        self._writer = tf.summary.create_file_writer(folder)

    def _step(self, features: Any, labels: Any) -> Any:
        trained = [variable for variable in self.variables.known.values() if variable.trainable]
        with tf.GradientTape() as tape:
            logits = self._model.forward(self.variables, features)
            loss = tf.reduce_mean(models.losses_of(labels, logits))
        self._optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
        return loss

    def _steps(self, batches: Any, count: tf.Tensor) -> Any:
        losses = tf.TensorArray(tf.float32, count, element_shape=[])
        for index in tf.range(count):
            losses = losses.write(index, self._one(*next(batches)))
        return losses.stack()

    def train(self, dataset: Any, *, steps: int, steps_per_loop: int) -> list[float]:
        batches = iter(dataset)
        losses: list[float] = []
        while len(losses) < steps:
            made = self._many(batches, tf.constant(min(steps_per_loop, steps - len(losses))))
            losses += made.numpy().tolist()
            with self._writer.as_default(int(self._optimizer.iterations)):
                # What tf.summary.scalar does where TensorBoard is installed.
                tf.summary.experimental.write_raw_pb(_summary(float(made[-1])))
            self._writer.flush()
        self._checkpoints.save(int(self._optimizer.iterations))
        return losses


KINDS: dict[str, Callable[[models.Model, str], Any]] = {
    "hosted": functools.partial(hosted, jit_compile=False),
    "hosted-jit": functools.partial(hosted, jit_compile=True),
    "by_hand": functools.partial(HandWritten, jit_compile=False),
    "by_hand-jit": functools.partial(HandWritten, jit_compile=True),
}


def run(build: Callable[[models.Model, str], Any], model: models.Model) -> bool:
    """Makes the blocks of one run; returns whether a new run is requested."""
    with tempfile.TemporaryDirectory() as folder:
        loop, dataset = build(model, folder), models.input_fn(model)
        for line in sys.stdin:
            if line.strip() == "new":
                return True
            steps = int(line.split()[0])
            clock = Clock(steps)
            loop.train(dataset, steps=steps, steps_per_loop=STEPS_PER_LOOP)
            clock.report()
    return False


def _summary(loss: float) -> bytes:
    value = tf.compat.v1.Summary.Value(tag="loss", simple_value=loss)
    return tf.compat.v1.Summary(value=[value]).SerializeToString()


def main() -> None:
    model, kind = sys.argv[1:]
    tf1.logging.set_verbosity(tf1.logging.ERROR)
    while run(KINDS[kind], models.MODELS[model]):
        pass


if __name__ == "__main__":
    main()
