"""A loss with smoothed labels and penalties in TRAIN only, and ids that are taken out."""

import numpy as np
import tensorflow as tf

PARAMS = {"smoothing": 0.1, "l2": 0.01}


def model_fn(features, labels, mode, params):
    ids = features.pop("id")
    weights = features.pop("w", 1.0)
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    regularizer = tf.contrib.layers.l2_regularizer(params["l2"])
    net = tf.layers.dense(features["x"], 8, tf.nn.relu, kernel_regularizer=regularizer)
    logits = tf.layers.dense(net, 3, kernel_regularizer=regularizer)
    if mode == tf.estimator.ModeKeys.PREDICT:
        predictions = {"id": ids, "p": tf.nn.softmax(logits)}
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    smoothing = params["smoothing"] if is_training and params["smoothing"] else 0.0
    if not is_training:
        weights = tf.ones_like(weights)
    tf.losses.softmax_cross_entropy(
        tf.one_hot(labels, 3), logits, weights=weights, label_smoothing=smoothing
    )
    loss = tf.losses.get_total_loss(add_regularization_losses=mode == tf.estimator.ModeKeys.TRAIN)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    metrics = {"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, 1))}
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def _dataset(count):
    r = np.random.RandomState(count)
    features = {
        "x": r.randn(count, 6).astype(np.float32),
        "w": r.randint(0, 3, count).astype(np.float32),
        "id": np.array(["user %d" % i for i in range(count)]),
    }
    return tf.data.Dataset.from_tensor_slices((features, r.randint(0, 3, count)))


def train_input_fn():
    return _dataset(60).repeat().batch(8)


def eval_input_fn():
    return _dataset(31).batch(8)


def predict_input_fn():
    return eval_input_fn().map(lambda features, _: features)
