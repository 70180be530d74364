"""Small model_fns for the tests of the custom loop."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from tests.models import global_step_read

X = np.float32(np.random.RandomState(5).randn(20, 3))
Y = X @ np.float32([[1.0], [-2.0], [0.5]]) + 1


def train_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat().batch(4)


def eval_input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(6)


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
