import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(2)
_X = {"image": _random.rand(40, 8, 8, 3).astype(np.float32)}
_Y = _random.randint(0, 4, 40).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    images = features["image"]
    x = tf.layers.conv2d(images, 4, 3, strides=2, padding="same", activation=tf.nn.leaky_relu)
    x = tf.layers.separable_conv2d(x, 6, 3, padding="same", activation=tf.nn.relu)
    x = tf.layers.conv2d_transpose(x, 4, 3, strides=2, padding="same", activation=tf.nn.elu)
    decoded = tf.layers.conv2d(x, 3, 1, activation=tf.sigmoid)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"decoded": decoded})
    loss = tf.losses.mean_squared_error(images, decoded)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"mae": tf.metrics.mean_absolute_error(images, decoded)},
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
