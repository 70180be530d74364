"""Shared variables and those of replicas, on one replica in this process."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
from migrate.hosting.host import host


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    outputs = tf1.layers.dense(features, 1)[:, 0]
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_global_step()
    train_op = tf1.train.AdamOptimizer(0.1).minimize(loss, step) if mode == "train" else None
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn() -> Any:
    batch = np.ones([4, 3], np.float32), np.ones([4], np.float32)
    return tf.data.Dataset.from_tensors(batch).repeat(2)


def test_a_checkpoint_has_all_variables_whichever_mode_was_built_first(tmp_path: Path) -> None:
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    loop = host(model_fn, input_fn=input_fn, strategy=strategy)
    loop.evaluate()
    loop.train()
    names = [name for name, _ in tf.train.list_variables(loop.save(str(tmp_path)))]
    suffix = "/.ATTRIBUTES/VARIABLE_VALUE"
    saved = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    slots = [f"{name}{slot}" for name in ("bias", "kernel") for slot in ("", ".SAdam", ".SAdam_1")]
    assert sorted(saved) == sorted(
        [f"variables/dense.S{name}" for name in slots]
        + [f"variables/{name}" for name in ("beta1_power", "beta2_power", "global_step")]
        + ["save_counter"]
    )
