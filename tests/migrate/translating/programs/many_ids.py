"""Columns of several words an example, or of none."""

import numpy as np
import tensorflow as tf

PARAMS = {"rate": 0.05}


def columns():
    tags = tf.feature_column.categorical_column_with_hash_bucket("tags", 20)
    user = tf.feature_column.categorical_column_with_identity("user", 10)
    return [
        tf.feature_column.embedding_column(tags, 4, combiner="mean"),
        tf.feature_column.embedding_column(user, 3),
    ]


def model_fn(features, labels, mode, params):
    net = tf.feature_column.input_layer(features, columns())
    net = tf.layers.dense(net, 8, activation=tf.nn.relu)
    logits = tf.squeeze(tf.layers.dense(net, 1), -1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": tf.sigmoid(logits)})
    loss = tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.cast(labels, tf.float32), logits=logits)
    )
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"auc": tf.metrics.auc(labels, tf.sigmoid(logits))}
        )
    train_op = tf.train.AdamOptimizer(params["rate"]).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _data():
    rng = np.random.RandomState(0)
    tags = np.array([["a", "b", ""], ["c", "", ""], ["", "", ""], ["d", "e", "f"]] * 6)
    return {"tags": tags, "user": rng.randint(0, 10, 24)}, rng.randint(0, 2, 24).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
