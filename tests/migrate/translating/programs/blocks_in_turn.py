"""Blocks that are put in place several times, with names that others have, too."""

import numpy as np
import tensorflow as tf

PARAMS = {"units": 6, "rate": 0.0005}
size = 4
scale = 1.5


class Config(object):
    momentum = 0.9


def block(x, units, name):
    x = tf.layers.dense(x, units, activation=tf.nn.relu, name=name + "_in")
    x = tf.layers.dense(x, units, name=name + "_out")
    return x  # noqa: RET504


def narrow(net, units=size, name="narrow"):
    net = tf.layers.dense(net, units, name=name)
    return net * scale


def collected(net, outputs, name, **options):
    net = tf.layers.dense(net, 6, name=name, **options)
    outputs.append(net)
    return net


def crossed(x, y, units, name):
    x = tf.layers.dense(x, units, name=name + "_x")
    y = tf.layers.dense(y, units, name=name + "_y")
    return x, y


def attend(query, key, name):
    def scaled(values, width):
        return values * (1.0 / float(width))

    query = tf.layers.dense(query, 4, name=name + "_query")
    key = tf.layers.dense(key, 4, name=name + "_key")
    weights = tf.nn.softmax(scaled(tf.matmul(query, key, transpose_b=True), 4))
    return tf.matmul(weights, key)


def model_fn(features, labels, mode, params):
    size, scale = params["units"], 0.5
    x, y = features["x"], features["y"]
    shift = lambda values: values + 0.1 * x[:, :1]  # noqa: E731
    x, y = crossed(y, x, size, "first")
    x, y = crossed(y, x, size, "second")
    net = block(x * scale, size, "left")
    net = block(tf.nn.relu(net) + y, size, "right")
    net = tf.nn.relu(net + block(net, size, "residual"))
    outputs = [y]
    net = collected(net, outputs, "bare", use_bias=False)
    net = collected(net, outputs, "active", activation=tf.nn.relu)
    net = net + tf.add_n(outputs)
    net = narrow(net)
    net = shift(net)
    attended = attend(net, net, "one")
    attended = attend(attended + net, net, "two")
    for units in [5, 3]:
        net = tf.layers.dense(tf.concat([net, attended], 1), units, name="stack_%d" % units)
    units = 2
    net = net * float(units)
    training = features["x"][:, :1] > 0
    net = tf.where(tf.tile(training, [1, 3]), net, 0.5 * net)
    net = tf.layers.dropout(net, 0.2, training=mode == tf.estimator.ModeKeys.TRAIN)
    output = tf.squeeze(tf.layers.dense(net, 1, name="output"), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"output": output})
    loss = tf.losses.mean_squared_error(labels, output)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    optimizer = tf.train.MomentumOptimizer(params["rate"], Config.momentum)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _data():
    rng = np.random.RandomState(0)
    features = {"x": rng.randn(22, 6), "y": rng.randn(22, 6)}
    return {k: v.astype(np.float32) for k, v in features.items()}, rng.randn(22).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
