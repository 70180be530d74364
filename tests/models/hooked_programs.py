"""A small model_fn whose EstimatorSpec has the hooks that a test asks for."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from migrate.hosting.loop import CustomLoop

X = np.float32(np.random.RandomState(5).randn(20, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 1


def train_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).repeat().batch(4)


def five_batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


def eval_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(6)


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """Asks `params["hooks"]` for fields of the spec: a function of the tensors below."""
    glorot = tf1.glorot_uniform_initializer
    hidden = tf1.layers.dense(features, 4, tf.nn.tanh, kernel_initializer=glorot(seed=4))
    if params.get("dropout") and mode == "train":
        hidden = tf1.nn.dropout(hidden, rate=0.3, seed=9)
    outputs = tf1.layers.dense(hidden, 1, kernel_initializer=glorot(seed=8))
    if mode == "infer":
        return estimator.EstimatorSpec(
            mode, predictions={"y": outputs}, prediction_hooks=params.get("prediction_hooks")
        )
    loss = tf1.losses.mean_squared_error(labels, outputs)
    rate = tf1.placeholder_with_default(np.float32(0.05), [], name="rate")
    if params.get("feeds"):
        rate = tf1.placeholder(tf.float32, [], name="fed_rate")
    train_op = tf1.train.MomentumOptimizer(rate, 0.9).minimize(loss, tf1.train.get_global_step())
    mae = tf1.metrics.mean_absolute_error(labels, outputs)
    tf1.summary.scalar("mae", mae[1])
    tensors = {"loss": loss, "mae": mae[1], "rate": rate}
    hooks = params.get("hooks", lambda mode, tensors: {})(mode, tensors)
    return estimator.EstimatorSpec(mode, {"y": outputs}, loss, train_op, {"mae": mae}, **hooks)


def config(model_dir: Path | None) -> Any:
    return estimator.RunConfig(
        model_dir=str(model_dir) if model_dir else None,
        tf_random_seed=3,
        save_summary_steps=5,
        save_checkpoints_steps=6,
        log_step_count_steps=4,
    )


def hosted(
    model_dir: Path | None = None, *, train: Callable[[], Any] = train_input_fn, **params: Any
) -> CustomLoop:
    return host(
        model_fn,
        input_fn={"train": train, "eval": eval_input_fn, "infer": eval_input_fn},
        params=params,
        config=config(model_dir),
        loss_summaries=False,
    )


def training(*make: Callable[[Any], Any]) -> Callable[[str, Any], dict[str, Any]]:
    """Returns `params["hooks"]` for training_hooks, each made of the tensors."""
    return lambda mode, tensors: (
        {"training_hooks": [each(tensors) for each in make]} if mode == "train" else {}
    )


def parts(tensors: Any) -> Any:
    return tf1.train.LoggingTensorHook(
        {"loss": tensors["loss"], "mae": tensors["mae"]},
        every_n_iter=2,
        formatter=lambda values: f"parts {values['loss']:.4f} {values['mae']:.4f}",
    )


def own_summary(folder: Path, steps: int = 3) -> Callable[[Any], Any]:
    return lambda tensors: tf1.train.SummarySaverHook(
        save_steps=steps,
        output_dir=str(folder),
        summary_op=tf1.summary.scalar("own", tensors["loss"] * 2, collections=["mine"]),
    )


class Calls(tf1.train.SessionRunHook):
    """Notes its calls; stops in the way that it is told to, after a global step.

    Args:
      name: Is noted with each call.
      notes: The notes.
      stop: Is called with the run_context and the coordinator after the global step `at`.
      at: See above.
    """

    def __init__(
        self,
        name: str,
        notes: list[Any],
        stop: Callable[[Any, Any], None] | None = None,
        at: int = 0,
    ) -> None:
        self._name, self._notes, self._stop, self._at = name, notes, stop, at

    def begin(self) -> None:
        self._step = tf1.train.get_global_step()
        self._notes.append((self._name, "begin"))

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._coordinator = coord
        assert session.graph is tf1.get_default_graph()
        self._notes.append((self._name, "created", session.run(self._step)))

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs({"step": self._step})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        now = run_context.session.run(self._step)
        self._notes.append((self._name, run_values.results["step"], now))
        if self._stop and now == self._at:
            self._stop(run_context, self._coordinator)

    def end(self, session: Any) -> None:
        self._notes.append((self._name, "end", session.run(self._step)))


class FeedRate(tf1.train.SessionRunHook):
    """Feeds the learning rate, as the ResNets of TensorFlow's models did."""

    def __init__(self, tensors: Any) -> None:
        self._tensor, self._rate = tensors["rate"], 0.1

    def begin(self) -> None:
        self._step = tf1.train.get_global_step()

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._step, feed_dict={self._tensor: self._rate})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._rate = 0.1 if run_values.results < 3 else 0.01


class HalveWeights(tf1.train.SessionRunHook):
    """Halves the weights after each step, with `load` and `eval`."""

    def after_run(self, run_context: Any, run_values: Any) -> None:
        for variable in tf1.trainable_variables():
            value = variable.eval(run_context.session)
            variable.load(value * 0.5, run_context.session)


class TrainMore(tf1.train.SessionRunHook):
    """Makes another step on the next batch before each step, as TF-GAN's hooks do."""

    def __init__(self, tensors: Any) -> None:
        optimizer = tf1.train.GradientDescentOptimizer(0.02)
        self._op = optimizer.minimize(tensors["loss"] * 0.5)

    def before_run(self, run_context: Any) -> None:
        run_context.session.run(self._op)


class Lines(logging.Handler):
    """Keeps the lines of the log that begin with a word."""

    def __init__(self, start: tuple[str, ...]) -> None:
        super().__init__()
        self._start, self.lines = start, list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(self._start):
            self.lines.append(record.getMessage())


def tags(folder: Path) -> list[tuple[int, str, Any]]:
    """The scalar summaries of a folder, without speeds: step, tag and value."""
    return list(_tags(folder))


def _tags(folder: Path) -> Iterator[tuple[int, str, Any]]:
    for path in sorted(folder.glob("events*")):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.tag != "global_step/sec":
                    yield event.step, value.tag, pytest.approx(value.simple_value, rel=1e-4)


def near(values: float | Sequence[float]) -> Any:
    return pytest.approx(values, rel=1e-4)
