import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "classes": 3}
_random = np.random.RandomState(1)
_X = _random.randn(40, 5).astype(np.float32)
_Y = _random.randint(0, 3, 40)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


class Model(object):
    def __init__(self, units, classes):
        self.units = units
        self.classes = classes

    def __call__(self, x, training):
        with tf.variable_scope("model"):
            x = tf.layers.dense(x, self.units, activation=tf.nn.relu)
            x = tf.layers.dropout(x, 0.2, training=training)
            return tf.layers.dense(x, self.classes)


class WideModel(Model):
    def __init__(self, units, classes):
        super().__init__(units * 2, classes=classes)


def run(features, labels, mode, params, model_class):
    model = model_class(params["units"], params["classes"])
    logits = model(features, mode == tf.estimator.ModeKeys.TRAIN)
    # This does nothing to logits that are float32 already.
    logits = tf.cast(logits, tf.float32)
    predictions = {"classes": tf.argmax(logits, axis=1)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.metrics.accuracy(labels, predictions["classes"])
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})
    train_op = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def model_fn(features, labels, mode, params):
    return run(features, labels, mode, params, WideModel)
