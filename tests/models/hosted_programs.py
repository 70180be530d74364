"""A small model_fn for the tests of the custom loop, hosted and under an Estimator."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from migrate.hosting.loop import CustomLoop
from tests.models import global_step_read

X = np.float32(np.random.RandomState(5).randn(20, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 1


def train_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat().batch(4)


def eval_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(6)


STEPS = 23
INPUT_FNS = {"train": train_input_fn, "eval": eval_input_fn, "infer": eval_input_fn}


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    hidden = tf1.layers.dense(features["x"], 4, tf.nn.tanh)
    if params.get("dropout"):
        hidden = tf1.layers.dropout(hidden, 0.3, training=mode == "train")
    outputs = tf1.layers.dense(hidden, 1)
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"y": outputs})
    loss = tf1.losses.mean_squared_error(labels, outputs)
    rate = tf1.train.exponential_decay(0.1, tf1.train.get_global_step(), 10, 0.5)
    tf1.summary.histogram("hidden", hidden)
    optimizer = tf1.train.MomentumOptimizer(rate, 0.9)
    gradients = optimizer.compute_gradients(loss)
    with global_step_read.first():
        train_op = optimizer.apply_gradients(gradients, tf1.train.get_global_step())
    metrics = {"mae": tf1.metrics.mean_absolute_error(labels, outputs)}
    return estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=train_op,
        eval_metric_ops=metrics,
        training_hooks=params.get("hooks"),
    )


def config(model_dir: Path | None = None) -> Any:
    return estimator.RunConfig(
        model_dir=str(model_dir) if model_dir else None,
        tf_random_seed=3,
        save_summary_steps=5,
        save_checkpoints_steps=10,
        log_step_count_steps=7,
    )


def hosted(model_dir: Path | None = None, **changes: Any) -> CustomLoop:
    given = {"input_fn": INPUT_FNS, "params": {}, "config": config(model_dir)}
    return host(model_fn, **{**given, **changes})


class Losses(tf1.train.SessionRunHook):
    """Keeps the loss of each step of a run."""

    def __init__(self) -> None:
        self.losses: list[Any] = []

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(tf1.get_collection("losses")[-1])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(run_values.results)


def run(model_dir: Path, params: Any = None, steps: int = STEPS) -> tuple[Any, list[Any]]:
    """Trains under our Estimator; returns it and its losses."""
    function = estimator.with_loss_summaries(model_fn)
    trained = estimator.Estimator(function, config=config(model_dir), params=params or {})
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=steps)
    return trained, hook.losses
