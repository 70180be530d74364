import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"margin": 1.5}
_random = np.random.RandomState(1)
_X = {
    "left": _random.randn(40, 5).astype(np.float32),
    "right": _random.randn(40, 5).astype(np.float32),
}
_Y = _random.randint(0, 2, 40).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def tower(x, reuse=False):
    with tf.variable_scope("tower", reuse=reuse):
        x = tf.layers.dense(x, 6, activation=tf.nn.relu, name="fc1")
        return tf.layers.dense(x, 4, name="fc2")


def model_fn(features, labels, mode, params):
    left = tower(features["left"])
    right = tower(features["right"], reuse=True)
    distance = tf.sqrt(tf.reduce_sum(tf.square(left - right), 1) + 1e-6)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"distance": distance})
    positive = labels * tf.square(distance)
    negative = (1.0 - labels) * tf.square(tf.maximum(params["margin"] - distance, 0.0))
    loss = tf.reduce_mean(positive + negative) / 2.0
    if mode == tf.estimator.ModeKeys.EVAL:
        same = tf.cast(distance < 0.5 * params["margin"], tf.float32)
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, same)}
        )
    optimizer = tf.train.AdamOptimizer(0.01)
    grads_and_vars = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_norm(g, 1.0), v) for g, v in grads_and_vars]
    train_op = optimizer.apply_gradients(clipped, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
