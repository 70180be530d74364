import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = _random.randn(40, 5).astype(np.float32)
_Y = (_X.sum(axis=1) > 0).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def init_fn(scaffold, session):
    session.run(tf.trainable_variables()[0])


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features, 6, activation=tf.nn.relu)
    logits = tf.layers.dense(net, 2)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(logits, 1)})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=tf.train.get_global_step())
    scaffold = tf.train.Scaffold(init_fn=init_fn, saver=tf.train.Saver(max_to_keep=3))
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, scaffold=scaffold)
