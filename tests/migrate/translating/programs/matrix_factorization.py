import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"reg": 0.02}
_random = np.random.RandomState(1)
_X = {
    "user": _random.randint(0, 12, 40).astype(np.int32),
    "item": _random.randint(0, 9, 40).astype(np.int32),
}
_Y = _random.randint(1, 6, 40).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    reg = params["reg"]
    with tf.variable_scope("factors", regularizer=tf.keras.regularizers.l2(reg)):
        P = tf.get_variable("P", [12, 4], initializer=tf.random_normal_initializer(stddev=0.1))
        Q = tf.get_variable("Q", [9, 4], initializer=tf.random_normal_initializer(stddev=0.1))
    bu = tf.get_variable("bu", [12], initializer=tf.zeros_initializer())
    bi = tf.get_variable("bi", [9], initializer=tf.zeros_initializer())
    mu = tf.get_variable("mu", [], initializer=tf.constant_initializer(3.0), trainable=False)
    p = tf.nn.embedding_lookup(P, features["user"])
    q = tf.nn.embedding_lookup(Q, features["item"])
    rating = (
        mu
        + tf.gather(bu, features["user"])
        + tf.gather(bi, features["item"])
        + tf.reduce_sum(p * q, 1)
    )
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"rating": rating})
    loss = tf.reduce_sum(tf.square(rating - labels)) + tf.losses.get_regularization_loss()
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "rmse": tf.metrics.root_mean_squared_error(
                    labels, tf.clip_by_value(rating, 1.0, 5.0)
                )
            },
        )
    train_op = tf.train.AdagradOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
