"""Trains an Estimator and the loop that is written for it on two logical CPUs.

    python -m tests.migrate.translating.replicas FOLDER

Writes the loop to FOLDER, and prints the losses and weights of both as JSON. Both begin with the
same weights, and take the same batches.
"""

import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate import translation

STEPS = 6
_random = np.random.RandomState(1)
_X = {"x": _random.rand(24, 3).astype(np.float32), "id": _random.randint(0, 5, 24)}
_WEIGHTS = np.tile(np.array([1.0, 0.0, 0.5], np.float32), 8)
_Y = _random.randint(0, 3, 24)


def train_input_fn() -> tf.data.Dataset:
    features = {**_X, "weight": _WEIGHTS}
    return tf.data.Dataset.from_tensor_slices((features, _Y)).batch(5).repeat()


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    table = tf1.get_variable("table", [5, 2])
    net = tf.concat([features["x"], tf.nn.embedding_lookup(table, features["id"])], axis=1)
    net = tf1.layers.dense(net, 4, activation=tf.nn.tanh, name="hidden")
    logits = tf1.layers.dense(net, 3, name="logits")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"logits": logits})
    cross_entropy = tf1.losses.sparse_softmax_cross_entropy(
        labels, logits, weights=features["weight"]
    )
    weights = [one for one in tf1.trainable_variables() if "kernel" in one.name]
    loss = cross_entropy + 0.01 * tf.add_n([tf.nn.l2_loss(one) for one in weights])
    if mode == "eval":
        return estimator.EstimatorSpec(mode, loss=loss)
    optimizer = tf1.train.MomentumOptimizer(0.1, 0.9)
    gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
    clipped, _ = tf.clip_by_global_norm(gradients, 0.3)
    step = tf1.train.get_global_step()
    train_op = optimizer.apply_gradients(zip(clipped, variables, strict=True), step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


class _Recorder(tf1.train.SessionRunHook):
    """Reads the variables before training, and the loss of the replicas at each step."""

    def begin(self) -> None:
        self.variables = [one for one in tf1.global_variables() if "/replica_1" not in one.op.name]

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.initial = {one.op.name: session.run(one) for one in self.variables}


def main(folder: str) -> None:
    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, parts)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    config = estimator.RunConfig(
        str(Path(folder) / "reference"), train_distribute=strategy, save_summary_steps=1
    )
    target = migrate.Target(model_fn, {"train": train_input_fn}, config=config)
    source = translation.translate(
        dataclasses.replace(target, config=config.replace(model_dir=None))
    ).source()
    (Path(folder) / "loop.py").write_text(source)

    recorder = _Recorder()
    reference = estimator.Estimator(model_fn, config=config)
    reference.train(train_input_fn, hooks=[recorder], steps=STEPS)
    losses = [
        value.simple_value
        for file in sorted(Path(config.model_dir or "").glob("events*"))
        for event in tf1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.tag == "loss"
    ]

    sys.path.insert(0, folder)
    module = importlib.import_module("loop")
    with strategy.scope():
        loop = module.Loop()
    for name, variable in loop.variables.items():
        variable.assign(recorder.initial[name])
    dataset = strategy.distribute_datasets_from_function(lambda _: module.train_input_fn())
    batches, values = iter(dataset), []
    for _ in range(STEPS):
        values.append(loop.train_steps(batches, tf.constant(1)))
    differences = {
        name: float(np.abs(reference.get_variable_value(name) - variable.numpy()).max())
        for name, variable in loop.variables.items()
    }
    print(
        json.dumps(
            {
                "reference": losses,
                "loop": [float(one["loss"]) for one in values],
                "examples": [len(one["loss_per_example"]) for one in values],
                "differences": differences,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
