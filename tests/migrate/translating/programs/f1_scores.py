"""Churn with F1 scores: metrics that are computed of other metrics."""

import numpy as np
import tensorflow as tf

PARAMS = {"hidden": 8, "learning_rate": 0.05}


def f1_of(labels, predictions):
    precision, precision_op = tf.metrics.precision(labels, predictions)
    recall, recall_op = tf.metrics.recall(labels, predictions)
    # harmonic mean
    f1 = 2 * precision * recall / (precision + recall + 1e-8)
    return f1, tf.group(precision_op, recall_op)


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], params["hidden"], tf.nn.tanh, name="hidden")
    logits = tf.layers.dense(net, 1, name="logits")[:, 0]
    probabilities = tf.sigmoid(logits)
    classes = tf.cast(probabilities > 0.5, tf.int32)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": probabilities})
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy, accuracy_op = tf.metrics.accuracy(labels, classes)
        mse = tf.metrics.mean_squared_error(tf.cast(labels, tf.float32), probabilities)
        tp, tp_op = tf.metrics.true_positives(labels, classes)
        fp = tf.metrics.false_positives(labels, classes)
        beta = 0.5
        p = tf.metrics.precision(labels, classes)
        r = tf.metrics.recall(labels, classes)
        fbeta = (1 + beta**2) * p[0] * r[0] / (beta**2 * p[0] + r[0] + 1e-8)
        metrics = {
            "f1": f1_of(labels, classes),
            "accuracy": (accuracy, accuracy_op),
            "rmse": (tf.sqrt(mse[0]), mse[1]),
            "precision": p,
            "fbeta": (fbeta, tf.group(p[1], r[1])),
            "share": (tf.div(tp, tp + fp[0]), tf.group(tp_op, fp[1])),
        }
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.AdamOptimizer(params["learning_rate"]).minimize(
        loss, global_step=tf.train.get_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _data():
    rng = np.random.RandomState(3)
    x = rng.randn(43, 5).astype(np.float32)
    y = (x[:, 0] + 0.3 * rng.randn(43) > 0).astype(np.int32)
    return {"x": x}, y


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
