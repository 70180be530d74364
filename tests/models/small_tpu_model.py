"""A linear model for the tests of `TPUEstimator`, which has no metrics."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec, tpu
from tests.models import global_step_read

tf1 = tf.compat.v1

X = np.arange(12, dtype=np.float32).reshape(6, 2) / 10


def input_fn(params: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices({"x": X}).repeat().batch(params["batch_size"])


def pair_input_fn(params: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices({"x": X}).batch(2)


def model_fn(features: Any, mode: str, params: Any) -> Any:
    w = tf1.get_variable("w", [2], initializer=tf1.ones_initializer())
    p = tf.reduce_sum(features["x"] * w, axis=1)
    loss = tf.reduce_mean(p**2)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    gradients = optimizer.compute_gradients(loss)
    with global_step_read.first():
        train_op = optimizer.apply_gradients(gradients, tf1.train.get_global_step())
    return EstimatorSpec(mode, predictions=p, loss=loss, train_op=train_op)


def estimator(
    model_dir: Path, function: Any = model_fn, *, iterations: Any = 2, **given: Any
) -> tpu.TPUEstimator:
    run = {
        "tf_random_seed": 3,
        "save_summary_steps": 100,
        "log_step_count_steps": 4,
        **given.pop("run", {}),
    }
    config = tpu.RunConfig(
        model_dir=str(model_dir), tpu_config=tpu.TPUConfig(iterations_per_loop=iterations), **run
    )
    arguments = {"use_tpu": False, "train_batch_size": 2, **given}
    return tpu.TPUEstimator(function, config=config, **arguments)
