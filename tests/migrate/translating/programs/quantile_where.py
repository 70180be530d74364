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


QUANTILES = [0.1, 0.5, 0.9]


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features, 6, activation=lambda x: x * tf.sigmoid(x))
    net = tf.where(features[:, 0] > 0.0, net, -net)
    outputs = tf.layers.dense(net, 3)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"quantiles": outputs})
    error = tf.expand_dims(labels, 1) - outputs
    quantiles = tf.constant(QUANTILES)
    losses = tf.maximum(quantiles * error, (quantiles - 1.0) * error)
    loss = tf.reduce_mean(losses)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "median_mae": tf.metrics.mean_absolute_error(labels, outputs[:, 1]),
                "cov": tf.metrics.mean(tf.to_float(labels < outputs[:, 2])),
            },
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
