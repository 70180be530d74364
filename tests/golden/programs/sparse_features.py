"""Features are a tuple of a sparse tensor and a dense one, from a Dataset built with `params`."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"batch_size": 6, "vocabulary": 15}

_random = np.random.RandomState(14)
_COUNTS = _random.randint(0, 4, size=31)
_INDICES = np.array([(row, column) for row in range(31) for column in range(_COUNTS[row])])
_IDS = _random.randint(0, 15, size=len(_INDICES))
_DENSE = _random.rand(31, 2).astype(np.float32)
_Y = (_COUNTS + _DENSE[:, 0]).astype(np.float32)


def _dataset():
    ids = tf.SparseTensor(_INDICES.astype(np.int64), _IDS.astype(np.int64), [31, 3])
    return tf.data.Dataset.from_tensor_slices(((ids, _DENSE), _Y))


def train_input_fn(params):
    return _dataset().take(20).repeat().batch(params["batch_size"])


def eval_input_fn(params):
    return _dataset().skip(20).batch(params["batch_size"])


def predict_input_fn(params):
    return eval_input_fn(params)


def model_fn(features, labels, mode, params):
    ids, dense = features
    table = tf.get_variable(
        "table", [params["vocabulary"], 4], initializer=tf.random_uniform_initializer(-0.5, 0.5)
    )
    bags = tf.nn.embedding_lookup_sparse(table, ids, None, combiner="sum")
    # A last row without any id is missing from the sums.
    missing = tf.shape(dense)[0] - tf.shape(bags)[0]
    bags = tf.pad(bags, [[0, missing], [0, 0]])
    net = tf.concat([bags, dense], axis=1)
    value = tf.layers.dense(net, 1, activation=None)[:, 0]
    predictions = {"value": value}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions)

    loss = tf.losses.mean_squared_error(labels, value, reduction=tf.losses.Reduction.SUM)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"rmse": tf.metrics.root_mean_squared_error(labels, value)}
        return tf.estimator.EstimatorSpec(mode, predictions, loss, eval_metric_ops=metrics)
    optimizer = tf.train.GradientDescentOptimizer(0.005)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions, loss, train_op)
