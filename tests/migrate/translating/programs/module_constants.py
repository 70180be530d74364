"""Constants of the module in a schedule, a clipping and a penalty."""

import numpy as np
import tensorflow as tf

PARAMS: dict[str, float] = {}
LEARNING_RATE = 0.02
DECAY_STEPS = 4
CLIP = 5.0
L2 = 0.002


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 4, tf.nn.tanh)
    logits = tf.layers.dense(net, 1)[:, 0]
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, logits)
    loss += L2 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    step = tf.train.get_global_step()
    rate = tf.train.exponential_decay(LEARNING_RATE, step, DECAY_STEPS, 0.5)
    optimizer = tf.train.AdamOptimizer(rate)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    gradients, _ = tf.clip_by_global_norm(gradients, CLIP)
    return tf.estimator.EstimatorSpec(
        mode, loss=loss, train_op=optimizer.apply_gradients(zip(gradients, variables), step)
    )


def _data():
    rng = np.random.RandomState(3)
    x = rng.randn(43, 5).astype(np.float32)
    return {"x": x}, x[:, 0] * 3


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
