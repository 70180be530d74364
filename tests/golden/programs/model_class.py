"""A class whose method is the model_fn; sums its losses and adds L2 over all kernels by hand."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)

_random = np.random.RandomState(9)
_X = _random.randn(27, 5).astype(np.float64)
_Y = _X.dot(np.array([1.0, -2.0, 0.5, 0.0, 3.0]))
_WEIGHTS = np.where(np.arange(27) % 4 == 0, 0.0, 1.0)


def _dataset(start, stop):
    features = {"x": _X[start:stop], "weight": _WEIGHTS[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _Y[start:stop]))


class Inputs(object):
    def __init__(self, start, stop, repeat):
        self.start, self.stop, self.repeat = start, stop, repeat

    def __call__(self):
        return _dataset(self.start, self.stop).batch(6).repeat(self.repeat)


train_input_fn = Inputs(0, 16, repeat=None)
eval_input_fn = Inputs(16, 27, repeat=1)
predict_input_fn = Inputs(16, 27, repeat=1)


class Regressor(object):
    """Works in float64."""

    def __init__(self, units, l2):
        self.units = units
        self.l2 = l2

    def body(self, x):
        with tf.variable_scope("body"):
            hidden = tf.layers.dense(x, self.units, activation=tf.nn.softplus)
            return tf.layers.dense(hidden, 1)[:, 0]

    def loss(self, labels, outputs, weights):
        self.squared = tf.squared_difference(labels, outputs)
        kernels = [v for v in tf.trainable_variables() if "bias" not in v.name]
        l2 = tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
        return tf.reduce_sum(self.squared * weights) + self.l2 * l2

    def model_fn(self, features, labels, mode):
        outputs = self.body(features["x"])
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions={"value": outputs})
        loss = self.loss(labels, outputs, features["weight"])
        if mode == tf.estimator.ModeKeys.TRAIN:
            optimizer = tf.train.MomentumOptimizer(0.002, 0.8, use_nesterov=True)
            train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
            return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "mse": tf.metrics.mean(self.squared, weights=features["weight"]),
            },
        )


model_fn = Regressor(units=4, l2=0.01).model_fn
