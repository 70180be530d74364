"""Focal loss with class weights, and the weights of examples."""

import numpy as np
import tensorflow as tf

PARAMS: dict[str, float] = {}


def train_input_fn():
    r = np.random.RandomState(5)
    return (
        tf.data.Dataset.from_tensor_slices(
            (
                {
                    "x": r.randn(23, 7).astype(np.float32),
                    "example_weight": r.choice([0.0, 1.0, 2.0], 23).astype(np.float32),
                },
                r.randint(0, 2, 23).astype(np.int32),
            )
        )
        .batch(6)
        .repeat(4)
    )


def focal_loss(labels, logits, gamma=2.0, alpha=0.25):
    labels = tf.cast(labels, tf.float32)
    probabilities = tf.nn.sigmoid(logits)
    pt = tf.where(tf.equal(labels, 1.0), probabilities, 1.0 - probabilities)
    alpha_t = tf.where(
        tf.equal(labels, 1.0), alpha * tf.ones_like(pt), (1 - alpha) * tf.ones_like(pt)
    )
    return -alpha_t * tf.pow(1.0 - pt, gamma) * tf.log(tf.clip_by_value(pt, 1e-7, 1.0))


def model_fn(features, labels, mode):
    net = tf.layers.dense(features["x"], 8, activation=tf.nn.leaky_relu)
    net = tf.layers.dropout(net, rate=0.3, training=mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.squeeze(tf.layers.dense(net, 1), axis=-1)
    probabilities = tf.nn.sigmoid(logits)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"p": probabilities, "y": tf.cast(probabilities > 0.5, tf.int32)}
        )
    per_example = focal_loss(labels, logits)
    weights = features["example_weight"]
    loss = tf.reduce_sum(per_example * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)
    metrics = {
        "precision": tf.metrics.precision(labels, probabilities > 0.5, weights=weights),
        "recall": tf.metrics.recall(labels, probabilities > 0.5, weights=weights),
        "auc_pr": tf.metrics.auc(
            labels,
            probabilities,
            weights=weights,
            curve="PR",
            summation_method="careful_interpolation",
        ),
        "mean_focal": tf.metrics.mean(per_example, weights),
    }
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    step = tf.train.get_or_create_global_step()
    lr = tf.train.piecewise_constant(step, [5, 10], [0.1, 0.05, 0.01])
    train_op = tf.train.GradientDescentOptimizer(lr).minimize(loss, global_step=step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
