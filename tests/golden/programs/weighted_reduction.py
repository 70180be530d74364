"""Classification with `weights=`, a quarter of them zero, and two explicit reductions."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)

_random = np.random.RandomState(2)
_X = _random.randn(34, 5).astype(np.float32)
_LABELS = (_X[:, 0] > 0).astype(np.int32) + (_X[:, 1] > 0.3)
_WEIGHTS = np.tile(np.array([1.0, 0.0, 2.5, 0.5], np.float32), 9)[:34]


def _dataset(start, stop):
    features = {"x": _X[start:stop], "weight": _WEIGHTS[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 23).shuffle(23).batch(6).repeat()


def eval_input_fn():
    return _dataset(23, 34).batch(4)


def predict_input_fn():
    return _dataset(23, 34).batch(4)


def model_fn(features, labels, mode):
    hidden = tf.layers.dense(features["x"], 8, activation=tf.nn.tanh)
    logits = tf.layers.dense(hidden, 3)
    classes = tf.argmax(logits, axis=1)
    predictions = {"class": classes, "probability": tf.nn.softmax(logits)}

    loss = train_op = metrics = None
    if mode != tf.estimator.ModeKeys.PREDICT:
        weights = features["weight"]
        cross_entropy = tf.losses.sparse_softmax_cross_entropy(
            labels, logits, weights=weights, reduction=tf.losses.Reduction.MEAN
        )
        margin = tf.losses.hinge_loss(
            tf.one_hot(labels, 3),
            logits,
            weights=tf.expand_dims(weights, 1),
            reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
        )
        loss = cross_entropy + 0.1 * margin
        metrics = {"accuracy": tf.metrics.accuracy(labels, classes, weights=weights)}
    if mode == tf.estimator.ModeKeys.TRAIN:
        tf.summary.scalar("accuracy", metrics["accuracy"][1])
        train_op = tf.train.AdagradOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(
        mode=mode,
        predictions=predictions,
        loss=loss,
        train_op=train_op,
        eval_metric_ops=metrics,
    )
