"""Labels and losses that get other values under their names."""

import numpy as np
import tensorflow as tf

PARAMS = {"classes": 3, "rate": 0.05}


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 8, activation=tf.nn.relu)
    logits = tf.layers.dense(net, params["classes"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"classes": tf.argmax(logits, 1)})
    labels = tf.one_hot(labels, params["classes"])
    per_example = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    per_example *= features["weight"]
    loss = tf.reduce_mean(per_example)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"accuracy": tf.metrics.accuracy(tf.argmax(labels, 1), tf.argmax(logits, 1))}
        more = {"weight": tf.metrics.mean(features["weight"])}
        more.update({"weighted": tf.metrics.mean(per_example)})
        metrics.update(more)
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.AdagradOptimizer(params["rate"]).minimize(
        loss, global_step=tf.train.get_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _data():
    rng = np.random.RandomState(0)
    x, weight = rng.randn(22, 5), rng.randint(0, 3, 22)
    features = {"x": x.astype(np.float32), "weight": weight.astype(np.float32)}
    return features, rng.randint(0, 3, 22).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
