"""A linear model on six examples, for the tests of the Estimator.

Each of the `params` changes one part: `spec` adds arguments to its EstimatorSpec, `predictions` and
`metrics` replace the model's predictions and metrics, `summary` writes the loss under another tag.
"""

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import Estimator, EstimatorSpec, ModeKeys, RunConfig
from tests.models import global_step_read

X = np.arange(12, dtype=np.float32).reshape(6, 2) / 10
Y = np.array([0, 1, 0, 1, 1, 0], np.float32)


def once() -> Any:
    """Three batches of two examples."""
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(2)


def forever() -> Any:
    return once().repeat()


def empty() -> Any:
    return tf.data.Dataset.from_tensor_slices(({"x": X[:0]}, Y[:0])).batch(2)


def model_fn(features: Any, labels: Any, mode: str, params: dict[str, Any]) -> EstimatorSpec:
    x = features["x"]
    w = tf1.get_variable("w", [2], initializer=tf1.constant_initializer(0.5))
    p = tf.reduce_sum(x * w, axis=1)
    extra = params.get("spec", dict)()
    if mode == ModeKeys.PREDICT:
        predictions = params.get("predictions", lambda p, x: {"p": p, "x": x})(p, x)
        return EstimatorSpec(mode, predictions=predictions, **extra)
    loss = tf.reduce_mean((p - labels) ** 2)
    if "summary" in params:
        tf1.summary.scalar(params["summary"], loss)
    if mode == ModeKeys.EVAL:
        mae = lambda p, y: {"mae": tf1.metrics.mean_absolute_error(y, p)}  # noqa: E731
        metrics = params.get("metrics", mae)(p, labels)
        return EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics, **extra)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    gradients = optimizer.compute_gradients(loss)
    with global_step_read.first():
        train_op = optimizer.apply_gradients(gradients, tf1.train.get_global_step())
    return EstimatorSpec(mode, loss=loss, train_op=train_op, **extra)


def estimator(
    model_dir: Path | str,
    params: dict[str, Any] | None = None,
    *,
    warm_start_from: Any = None,
    function: Callable[..., Any] = model_fn,
    **config: Any,
) -> Estimator:
    settings = {
        "tf_random_seed": 3,
        "save_summary_steps": 2,
        "save_checkpoints_steps": 3,
        "log_step_count_steps": 2,
        **config,
    }
    return Estimator(
        function,
        str(model_dir),
        RunConfig(**settings),
        params=(params or {}) if function is model_fn else params,
        warm_start_from=warm_start_from,
    )


def step_op() -> Any:
    """Advances the global step and nothing else."""
    with global_step_read.first():
        return tf1.assign_add(tf1.train.get_global_step(), 1)


def steps(model_dir: Path | str) -> list[int]:
    """The global steps of the checkpoints in a folder."""
    found = glob.glob(os.path.join(model_dir, "model.ckpt-*.index"))
    return sorted(int(path.rpartition("-")[2].removesuffix(".index")) for path in found)


def tags(folder: Path | str) -> list[tuple[int, str]]:
    """The step and tag of every summary value, in the order of the event files."""
    return [
        (event.step, value.tag)
        for path in sorted(glob.glob(os.path.join(folder, "events*")))
        for event in tf1.train.summary_iterator(path)
        for value in event.summary.value
    ]


class Recorder(tf1.train.SessionRunHook):
    """Writes its calls into a list, and what it fetched: what `fetch` makes before the session."""

    def __init__(self, name: str, calls: list[str], fetch: Callable[[], Any] | None = None) -> None:
        self._name, self._calls, self._fetch = name, calls, fetch

    def _add(self, call: str) -> None:
        self._calls.append(f"{self._name}.{call}")

    def begin(self) -> None:
        self._add("begin")
        self._fetched = self._fetch() if self._fetch else None

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._add("after_create_session")

    def before_run(self, run_context: Any) -> Any:
        self._add("before_run")
        return tf1.train.SessionRunArgs(self._fetched) if self._fetch else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._add(f"after_run:{run_values.results}")

    def end(self, session: Any) -> None:
        self._add("end")


class Listener(tf1.train.CheckpointSaverListener):
    """Writes its calls into a list, with their global steps."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name, self._calls = name, calls

    def begin(self) -> None:
        self._calls.append(f"{self._name}.begin")

    def before_save(self, session: Any, global_step_value: Any) -> None:
        self._calls.append(f"{self._name}.before_save.{global_step_value}")

    def after_save(self, session: Any, global_step_value: Any) -> None:
        self._calls.append(f"{self._name}.after_save.{global_step_value}")

    def end(self, session: Any, global_step_value: Any) -> None:
        self._calls.append(f"{self._name}.end.{global_step_value}")
