"""Batch normalization whose averages move through UPDATE_OPS, dropout, momentum, decaying rate."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)

_random = np.random.RandomState(4)
_X = (3.0 * _random.randn(31, 6) + 1.0).astype(np.float32)
_LABELS = ((_X[:, 0] + _X[:, 1]) > 2.0).astype(np.float32)


def _input_fn(start, stop, training):
    dataset = tf.data.Dataset.from_tensor_slices((_X[start:stop], _LABELS[start:stop]))
    if training:
        dataset = dataset.shuffle(100).repeat(10)
    return dataset.batch(8)


def train_input_fn():
    return _input_fn(0, 21, training=True)


def eval_input_fn():
    return _input_fn(21, 31, training=False)


def predict_input_fn():
    return _input_fn(21, 31, training=False)


def network(x, training):
    # The gradient of a bias before a batch normalization consists of rounding errors only.
    x = tf.layers.dense(x, 10, use_bias=False, name="fc1")
    x = tf.layers.batch_normalization(x, momentum=0.8, training=training, name="bn1")
    x = tf.nn.relu(x)
    x = tf.layers.dropout(x, rate=0.3, training=training)
    return tf.squeeze(tf.layers.dense(x, 1, name="logit"), axis=1)


def model_fn(features, labels, mode):
    logits = network(features, training=(mode == tf.estimator.ModeKeys.TRAIN))
    predictions = {"logits": logits, "positive": tf.greater(logits, 0.0)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode=mode, predictions=predictions)

    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
    if mode == tf.estimator.ModeKeys.TRAIN:
        global_step = tf.train.get_global_step()
        rate = tf.train.exponential_decay(0.05, global_step, 5, 0.5, staircase=True)
        optimizer = tf.train.MomentumOptimizer(rate, momentum=0.9)
        update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(update_ops):
            train_op = optimizer.minimize(loss, global_step=global_step)
        return tf.estimator.EstimatorSpec(mode=mode, loss=loss, train_op=train_op)

    positive = tf.cast(predictions["positive"], tf.float32)
    metrics = {
        "accuracy": tf.metrics.accuracy(labels, positive),
        "precision": tf.metrics.precision(labels, positive),
        "auc": tf.metrics.auc(labels, tf.sigmoid(logits), num_thresholds=20),
    }
    return tf.estimator.EstimatorSpec(mode=mode, loss=loss, eval_metric_ops=metrics)
