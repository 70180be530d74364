"""Hyperparameters under other names: some of one value, some that a literal has, too."""

import numpy as np
import tensorflow as tf

PARAMS = {
    "units": [6, 5, 4],
    "lr": 0.05,
    "decay_steps": 5,
    "rate": 0.9,
    "momentum": 0.9,
    "clip": 3.0,
    "l2": 0.01,
    "smoothing": 0.01,
    "examples": 43,
    "batch": 8,
    "activation": "tanh",
    "name": "an experiment",
}


def make_train_op(loss, p):
    step = tf.train.get_global_step()
    rate = tf.train.exponential_decay(p["lr"], step, p["decay_steps"], p["rate"], staircase=True)
    # warm up for one epoch
    rate = tf.minimum(rate, tf.to_float(step + 1) * (p["batch"] / p["examples"]))
    optimizer = tf.train.MomentumOptimizer(
        rate, p["momentum"], use_nesterov=p.get("nesterov", True)
    )
    pairs = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_value(g, -p["clip"], p["clip"]), v) for g, v in pairs]
    return optimizer.apply_gradients(clipped, step)


def block(net, units, hp):
    net = tf.layers.dense(net, units, getattr(tf.nn, hp["activation"]))
    return tf.layers.batch_normalization(net, momentum=0.9, trainable=False)


def model_fn(features, labels, mode, params):
    hp = params
    net = features["x"]
    for units in hp["units"]:
        net = block(net, units, hp)
    logits = tf.layers.dense(net, 1)[:, 0]
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, logits)
    kernels = [v for v in tf.trainable_variables() if "kernel" in v.name]
    loss += hp["l2"] * tf.add_n([tf.nn.l2_loss(v) for v in kernels])
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=make_train_op(loss, hp))


def _data():
    r = np.random.RandomState(3)
    x = r.randn(43, 5).astype(np.float32)
    return {"x": x}, x[:, 0] * 3


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
