"""L2 regularizers on layers, and the loss from `tf.losses.get_total_loss`."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (5, 12)
PARAMS = {"l2": 0.02, "units": [7, 5]}

_random = np.random.RandomState(5)
_X = _random.rand(33, 3).astype(np.float32)
_Y = (_X.sum(axis=1, keepdims=True) ** 2).astype(np.float32)
_WEIGHTS = (_random.rand(33, 1) > 0.3).astype(np.float32)


def _tensors(start, stop):
    return {"x": _X[start:stop], "w": _WEIGHTS[start:stop]}, _Y[start:stop]


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(_tensors(0, 23)).shuffle(23).batch(10).repeat()
    return dataset.prefetch(1)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_tensors(23, 33)).batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_tensors(23, 33)[0]).batch(4)


def model_fn(features, labels, mode, params):
    def regularizer(kernel):
        return params["l2"] * tf.nn.l2_loss(kernel)

    net = features["x"]
    for index, units in enumerate(params["units"]):
        net = tf.layers.dense(
            net,
            units,
            activation=tf.nn.elu,
            kernel_initializer=tf.glorot_normal_initializer(),
            kernel_regularizer=regularizer,
            name="hidden_%d" % index,
        )
    value = tf.layers.dense(net, 1, kernel_regularizer=regularizer, name="value")

    if mode == tf.estimator.ModeKeys.PREDICT:
        output_spec = tf.estimator.EstimatorSpec(mode, predictions=value)
    else:
        tf.losses.huber_loss(labels, value, weights=features["w"], delta=2.0)
        loss = tf.losses.get_total_loss()
        regularization = tf.losses.get_regularization_loss()
        if mode == tf.estimator.ModeKeys.TRAIN:
            tf.summary.scalar("regularization", regularization)
            tf.summary.histogram("value", value)
            train_op = tf.train.RMSPropOptimizer(0.01, momentum=0.5).minimize(
                loss, global_step=tf.train.get_or_create_global_step()
            )
            output_spec = tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
        else:
            output_spec = tf.estimator.EstimatorSpec(
                mode,
                loss=loss,
                eval_metric_ops={
                    "squared_error": tf.metrics.mean_squared_error(
                        labels, value, weights=features["w"]
                    ),
                    "regularization": tf.metrics.mean(regularization),
                },
            )
    return output_spec
