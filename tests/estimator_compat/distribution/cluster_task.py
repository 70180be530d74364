"""One task of a cluster: `python -m tests.estimator_compat.distribution.cluster_task`.

It trains six steps on a MultiWorkerMirroredStrategy, and prints what its model_fn saw and the
variables of the last checkpoint, as JSON. TF_CONFIG says which task it is.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as api

X = np.arange(32, dtype=np.float32).reshape(16, 2) / 10
Y = X.sum(1, keepdims=True)
seen: list[Any] = []


def input_fn(input_context: Any = None) -> Any:
    dataset = tf1.data.Dataset.from_tensor_slices((X, Y))
    if input_context:
        part = input_context.num_input_pipelines, input_context.input_pipeline_id
        seen.append(part)
        dataset = dataset.shard(*part)
    return dataset.repeat(10).batch(2)


def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
    seen.append([config.task_type, config.task_id, config.is_chief, config.num_worker_replicas])
    outputs = tf1.layers.dense(features, 1, kernel_initializer=tf1.zeros_initializer())
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.01)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return api.EstimatorSpec(mode, loss=loss, train_op=train_op)


def main(folder: str) -> None:
    config = api.RunConfig(
        folder,
        tf_random_seed=1,
        train_distribute=tf.distribute.MultiWorkerMirroredStrategy(),
        save_summary_steps=1,
        save_checkpoints_steps=3,
    )
    estimator = api.Estimator(model_fn, config=config)
    train_spec = api.TrainSpec(input_fn, max_steps=6)
    eval_spec = api.EvalSpec(input_fn, steps=2, start_delay_secs=0, throttle_secs=0)
    result = api.train_and_evaluate(estimator, train_spec, eval_spec)
    variables = {
        name: estimator.get_variable_value(name).ravel().tolist()
        for name in estimator.get_variable_names()
    }
    print(json.dumps({"seen": seen, "variables": variables, "result": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
