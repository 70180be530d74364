"""A model_fn with a warm-up, weight decay and a hand-written Adam, and a loop with its mistakes.

In the style of BERT's fine-tuning. The first rate is 0, so that the first step moves no weight.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.verifying.verdict import Verdict

NAMES = ("h/kernel", "h/bias", "o/kernel", "o/bias")
SHAPES = ([6, 8], [8], [8, 1], [1])
PARAMS = {"rate": 0.01, "decay": 0.01, "warm_up": 4, "dropout": False}

_random = np.random.RandomState(0)
_X = _random.randn(64, 6).astype(np.float32)
_Y = (_X[:, :1] + _X[:, 1:2] * _X[:, 2:3] > 0).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": _X}, _Y)).batch(8).repeat()


def rate(step: Any, params: Mapping[str, Any], late: int = 0) -> Any:
    step = tf.cast(step, tf.float32) + late
    if not params["warm_up"]:
        return params["rate"] * (1 - step / 1e3)
    return params["rate"] * tf.minimum(step / params["warm_up"], 1.0)


def model_fn(features: Any, labels: Any, mode: str, params: Mapping[str, Any]) -> Any:
    net = tf.nn.relu(tf1.layers.dense(features["x"], 8, name="h"))
    if params["dropout"]:
        net = tf1.layers.dropout(net, 0.5, training=mode == "train")
    logits = tf1.layers.dense(net, 1, name="o")
    loss = tf1.losses.sigmoid_cross_entropy(labels, logits)
    step, weights = tf1.train.get_global_step(), tf1.trainable_variables()
    writes = []
    now = rate(step, params)
    for gradient, weight in zip(tf.gradients(loss, weights), weights, strict=True):
        name, zeros = weight.op.name, tf1.zeros_initializer()
        m, n = (
            tf1.get_variable(f"{name}/{slot}", weight.shape, initializer=zeros, trainable=False)
            for slot in ("m", "n")
        )
        new_m, new_n = 0.9 * m + 0.1 * gradient, 0.999 * n + 0.001 * tf.square(gradient)
        update = new_m / (tf.sqrt(new_n) + 1e-6)
        update += 0.0 if "bias" in name else params["decay"] * weight
        writes += [weight.assign_sub(now * update), m.assign(new_m), n.assign(new_n)]
    with tf.control_dependencies(writes):
        train_op = tf.group(step.assign_add(1))
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)


class Loop:
    """The same in TF2.

    Args:
      params: As of the model_fn.
      mistakes: `decay`: another weight decay. `late`: by how many steps the rate is early.
        `nothing`: it computes the loss and trains nothing. `longer`: by how many steps the warm-up
        is longer.
    """

    def __init__(self, params: Mapping[str, Any], **mistakes: Any) -> None:
        self.params, self.mistakes = params, mistakes
        self.variables: dict[str, Any] = {"global_step": tf.Variable(0, dtype=tf.int64)}
        for name, shape in zip(NAMES, SHAPES, strict=True):
            for slot in ("", "/m", "/n"):
                self.variables[name + slot] = tf.Variable(tf.zeros(shape))

    def loss(self, features: Any, labels: Any) -> Any:
        v = self.variables
        net = tf.nn.relu(features["x"] @ v["h/kernel"] + v["h/bias"])
        if self.params["dropout"]:
            net = tf.nn.dropout(net, 0.5)
        logits = net @ v["o/kernel"] + v["o/bias"]
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))

    @tf.function
    def train_step(self, features: Any, labels: Any) -> Any:
        v, mistakes = self.variables, self.mistakes
        weights = [v[name] for name in NAMES]
        with tf.GradientTape() as tape:
            loss = self.loss(features, labels)
        if mistakes.get("nothing"):
            return loss
        params = {**self.params}
        params["warm_up"] += mistakes.get("longer", 0)
        now = rate(v["global_step"], params, mistakes.get("late", 0))
        for name, gradient in zip(NAMES, tape.gradient(loss, weights), strict=True):
            m, n = v[f"{name}/m"], v[f"{name}/n"]
            m.assign(0.9 * m + 0.1 * gradient)
            n.assign(0.999 * n + 0.001 * tf.square(gradient))
            update = m / (tf.sqrt(n) + 1e-6)
            if "bias" not in name:
                update += mistakes.get("decay", self.params["decay"]) * v[name]
            v[name].assign_sub(now * update)
        v["global_step"].assign_add(1)
        return loss


def verified(
    changes: Mapping[str, Any], *, seed: int = 1, steps: int = 8, **mistakes: Any
) -> Verdict:
    """Verifies the loop, right or with mistakes, for changed params."""
    params = {**PARAMS, **changes}
    config = estimator_compat.RunConfig(tf_random_seed=seed)
    target = migrate.Target(
        model_fn=model_fn, input_fns={"train": input_fn}, params=params, config=config
    )
    return migrate.verify(target, Loop(params, **mistakes), steps=steps)
