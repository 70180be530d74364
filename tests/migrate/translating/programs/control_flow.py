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
    h = tf.layers.dense(features, 6, activation=tf.nn.relu)
    h = tf.cond(tf.reduce_mean(h) > 0.3, lambda: h * 2.0, lambda: h)
    _, h = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, y + 0.1 * tf.tanh(y)), [tf.constant(0), h]
    )
    scale = tf.case(
        [(tf.reduce_sum(features) > 1.0, lambda: tf.constant(1.5))],
        default=lambda: tf.constant(1.0),
    )
    value = tf.squeeze(tf.layers.dense(h * scale, 1), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": value})
    loss = tf.losses.absolute_difference(labels, value)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"pearson": tf.metrics.mean(value * labels)}
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
