"""Two tasks on one body, their losses summed; labels are a dict."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"task_weights": {"click": 1.0, "price": 0.3}}

_random = np.random.RandomState(8)
_X = _random.randn(30, 4).astype(np.float32)
_CLICK = (_X[:, :1] > 0).astype(np.float32)
_PRICE = (_X[:, 1:2] * 2.0 + 1.0).astype(np.float32)
_SOLD = (_random.rand(30, 1) > 0.4).astype(np.float32)


def _dataset(start, stop):
    labels = {"click": _CLICK[start:stop], "price": _PRICE[start:stop], "sold": _SOLD[start:stop]}
    return tf.data.Dataset.from_tensor_slices((_X[start:stop], labels))


def train_input_fn():
    return _dataset(0, 20).repeat(8).shuffle(15).batch(7)


def eval_input_fn():
    return _dataset(20, 30).batch(4)


def predict_input_fn():
    return _dataset(20, 30).batch(4)


def model_fn(features, labels, mode, params):
    with tf.variable_scope("shared", initializer=tf.random_normal_initializer(stddev=0.5)):
        weights = tf.get_variable("w", [4, 6])
        bias = tf.get_variable("b", [6], initializer=tf.zeros_initializer())
        body = tf.nn.relu(tf.nn.xw_plus_b(features, weights, bias))
    click = tf.layers.dense(body, 1, name="click")
    price = tf.layers.dense(body, 1, name="price")

    predictions = {"click": tf.nn.sigmoid(click), "price": price}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)

    # Only what was sold has a price.
    losses = {
        "click": tf.losses.sigmoid_cross_entropy(labels["click"], click),
        "price": tf.losses.mean_squared_error(labels["price"], price, weights=labels["sold"]),
    }
    total_loss = tf.add_n([params["task_weights"][task] * losses[task] for task in sorted(losses)])

    train_op = None
    if mode == tf.estimator.ModeKeys.TRAIN:
        for task, loss in sorted(losses.items()):
            tf.summary.scalar("loss/" + task, loss)
        train_op = tf.train.AdamOptimizer(0.01).minimize(total_loss, tf.train.get_global_step())
    metrics = {
        "click/accuracy": tf.metrics.accuracy(labels["click"], tf.round(predictions["click"])),
        "price/error": tf.metrics.mean_absolute_error(
            labels["price"], price, weights=labels["sold"]
        ),
    }
    return tf.estimator.EstimatorSpec(
        mode, predictions, total_loss, train_op, eval_metric_ops=metrics
    )
