import numpy as np
import tensorflow as tf

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


def model_fn(features, labels, mode, params):
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    net = tf.contrib.layers.fully_connected(
        features, 6, scope="fc1", weights_regularizer=tf.contrib.layers.l2_regularizer(0.01)
    )
    net = tf.contrib.layers.batch_norm(net, is_training=is_training, decay=0.9, scope="bn")
    net = tf.contrib.layers.dropout(net, keep_prob=0.8, is_training=is_training)
    net = tf.contrib.layers.layer_norm(net)
    logits = tf.contrib.layers.fully_connected(net, 2, activation_fn=None)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(logits, 1)})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    loss += tf.losses.get_regularization_loss()
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, 1))},
        )
    train_op = tf.contrib.layers.optimize_loss(
        loss, tf.train.get_global_step(), learning_rate=0.05, optimizer="Adam", clip_gradients=1.0
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
