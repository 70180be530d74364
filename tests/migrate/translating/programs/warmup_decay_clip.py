import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"hidden": [6, 5], "rate": 0.2, "clip": 0.5}
_random = np.random.RandomState(1)
_X = _random.randn(40, 5).astype(np.float32)
_Y = (_X.sum(axis=1) > 0).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    net = features
    for units in params["hidden"]:
        net = tf.layers.dense(net, units=units, activation=tf.nn.relu)
    logits = tf.layers.dense(net, 2, activation=None)
    predicted = tf.argmax(logits, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        predictions = {
            "class_ids": predicted[:, tf.newaxis],
            "probabilities": tf.nn.softmax(logits),
            "logits": logits,
        }
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    metrics = {"accuracy": tf.metrics.accuracy(labels=labels, predictions=predicted, name="acc_op")}
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    global_step = tf.train.get_global_step()
    decayed = tf.train.exponential_decay(params["rate"], global_step, 8, 0.8)
    rate = tf.cond(
        global_step < 5,
        lambda: params["rate"] * tf.cast(global_step, tf.float32) / 5.0,
        lambda: decayed,
    )
    optimizer = tf.train.GradientDescentOptimizer(rate)
    tvars = tf.trainable_variables()
    grads = tf.gradients(loss, tvars)
    clipped, norm = tf.clip_by_global_norm(grads, params["clip"])
    train_op = optimizer.apply_gradients(zip(clipped, tvars), global_step=global_step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
