"""Evaluates and predicts with moving averages, restored by a Scaffold's own Saver."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"decay": 0.9, "learning_rate": 0.1}

_random = np.random.RandomState(11)
_X = _random.randn(29, 3).astype(np.float32)
_Y = np.abs(_X).sum(axis=1).astype(np.float32)


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices((_X[:19], _Y[:19]))
    return dataset.shuffle(19).repeat().batch(6).make_one_shot_iterator().get_next()


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X[19:], _Y[19:])).batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X[19:]).batch(4)


def model_fn(features, labels, mode, params):
    hidden = tf.layers.dense(features, 5, activation=tf.nn.relu, name="hidden")
    value = tf.squeeze(tf.layers.dense(hidden, 1, name="value"), 1)

    averages = tf.train.ExponentialMovingAverage(params["decay"])
    scaffold = None
    if mode != tf.estimator.ModeKeys.TRAIN:
        saver = tf.train.Saver(averages.variables_to_restore())
        scaffold = tf.train.Scaffold(saver=saver)

    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": value}, scaffold=scaffold)

    loss = tf.losses.absolute_difference(labels, value)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"error": tf.metrics.mean_absolute_error(labels, value)}
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops=metrics, scaffold=scaffold
        )

    optimizer = tf.train.GradientDescentOptimizer(params["learning_rate"])
    minimized = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    with tf.control_dependencies([minimized]):
        train_op = averages.apply(tf.trainable_variables())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
