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


def forward(x):
    net = tf.layers.dense(x, 6, activation=tf.nn.relu, name="hidden")
    return tf.layers.dense(net, 1, name="value")[:, 0]


def model_fn(features, labels, mode, params):
    with tf.variable_scope("model"):
        value = forward(features)
    variables = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "model")
    ema = tf.train.ExponentialMovingAverage(0.95)
    ema_op = ema.apply(variables)

    def ema_getter(getter, name, *args, **kwargs):
        ema_var = ema.average(getter(name, *args, **kwargs))
        return ema_var if ema_var is not None else getter(name, *args, **kwargs)

    with tf.variable_scope("model", reuse=True, custom_getter=ema_getter):
        averaged = forward(features)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": averaged})
    loss = tf.losses.mean_squared_error(labels, value)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "mse": tf.metrics.mean_squared_error(labels, value),
                "mse_ema": tf.metrics.mean_squared_error(labels, averaged),
            },
        )
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=tf.train.get_global_step())
    with tf.control_dependencies([train_op]):
        train_op = tf.group(ema_op)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
