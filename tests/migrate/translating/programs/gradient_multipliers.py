import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = _random.randn(40, 5).astype(np.float32)
_Y = np.tanh(_X).sum(axis=1).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    body = tf.layers.dense(features, 6, activation=tf.nn.selu, name="body")
    value = tf.squeeze(tf.layers.dense(body, 1, name="head"), -1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": value})
    loss = tf.losses.huber_loss(labels, value, delta=0.5)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "mre": tf.metrics.mean_relative_error(
                    labels, value, normalizer=tf.abs(labels) + 1.0
                )
            },
        )
    optimizer = tf.train.GradientDescentOptimizer(0.05)
    gvs = optimizer.compute_gradients(loss)
    scaled = []
    for gradient, variable in gvs:
        if variable.name.startswith("body"):
            gradient = gradient * 0.1
        scaled.append((gradient, variable))
    train_op = optimizer.apply_gradients(scaled, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
