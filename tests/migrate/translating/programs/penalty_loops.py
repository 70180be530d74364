"""Penalties that loops over the variables add up, chosen by their names."""

import numpy as np
import tensorflow as tf

PARAMS: dict[str, float] = {}


def model_fn(features, labels, mode, params):
    with tf.variable_scope("enc"):
        w = tf.get_variable("weights", [6, 3])
        b = tf.get_variable("biases", [3], initializer=tf.constant_initializer(0.5))
        h = tf.nn.relu(tf.matmul(features["x"], w) + b)
    logits = output = tf.layers.dense(h, 3, name="dec")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": tf.nn.softmax(output)})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    l2 = 0.0
    for v in tf.trainable_variables():
        if "enc/" in v.name and "biases" not in v.name:
            l2 += tf.nn.l2_loss(v)
    kept = []
    for v in tf.trainable_variables():
        if "bias" in v.op.name:
            continue
        kept.append(tf.reduce_sum(tf.abs(v)))
    loss += 0.1 * l2 + 0.01 * tf.add_n(kept)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _ds(n):
    r = np.random.RandomState(n)
    x = r.randn(n, 6).astype("f")
    return tf.data.Dataset.from_tensor_slices(({"x": x}, r.randint(0, 3, n)))


def train_input_fn():
    return _ds(60).repeat().batch(8)


def eval_input_fn():
    return _ds(31).batch(8)


def predict_input_fn():
    return eval_input_fn().map(lambda features, _: features)
