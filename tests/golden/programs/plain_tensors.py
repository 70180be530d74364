"""Input functions return tensors, not a Dataset; only `steps` ends an evaluation."""

import itertools

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
EVAL_STEPS = 3
PREDICTIONS = 7

_random = np.random.RandomState(15)
_X = _random.rand(17, 2).astype(np.float32)
_Y = (_X[:, :1] - 2.0 * _X[:, 1:]).astype(np.float32)


def _batches():
    for _ in itertools.count():
        for start in range(0, 17, 7):
            yield _X[start : start + 7], _Y[start : start + 7]


def train_input_fn():
    dataset = tf.data.Dataset.from_generator(
        _batches, (tf.float32, tf.float32), ([None, 2], [None, 1])
    )
    x, y = dataset.make_one_shot_iterator().get_next()
    return {"x": x + tf.random_normal(tf.shape(x), stddev=0.01)}, y


def eval_input_fn():
    return {"x": tf.constant(_X[:9])}, tf.constant(_Y[:9])


def predict_input_fn():
    return {"x": tf.constant(_X[:4])}


def model_fn(features, labels, mode):
    with tf.variable_scope("line"):
        slope = tf.get_variable("slope", [2, 1], initializer=tf.random_normal_initializer())
        intercept = tf.get_variable("intercept", [1], initializer=tf.zeros_initializer())
    value = tf.matmul(features["x"], slope) + intercept
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=value)
    loss = tf.reduce_sum(tf.square(value - labels))
    train_op = tf.train.AdadeltaOptimizer(0.5).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
