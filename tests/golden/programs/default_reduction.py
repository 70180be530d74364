"""Regression on two targets with `tf.losses.mean_squared_error` and its default reduction."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"hidden": 6, "learning_rate": 0.05}

_random = np.random.RandomState(1)
_X = _random.randn(32, 4).astype(np.float32)
_Y = np.stack([_X[:, 0] - _X[:, 1], 0.5 * _X[:, 2] + 1.0], axis=1)


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(({"x": _X[:22]}, _Y[:22]))
    return dataset.shuffle(22).batch(8).repeat()


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": _X[22:]}, _Y[22:])).batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices({"x": _X[22:]}).batch(4)


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], params["hidden"], activation=tf.nn.relu)
    outputs = tf.layers.dense(net, 2, name="outputs")

    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"outputs": outputs})

    loss = tf.losses.mean_squared_error(labels, outputs)

    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {
            "rmse": tf.metrics.root_mean_squared_error(labels, outputs),
            "mae": tf.metrics.mean_absolute_error(labels, outputs),
        }
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)

    optimizer = tf.train.GradientDescentOptimizer(params["learning_rate"])
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
