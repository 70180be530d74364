"""Candidate sampling in training, full softmax in evaluation (YouTube-like)."""

import numpy as np
import tensorflow as tf

PARAMS = {"n": 30, "d": 4, "layers": [8, 5]}


def train_input_fn():
    r = np.random.RandomState(2)
    watched = r.randint(0, 30, (20, 5)).astype(np.int64)
    age = r.rand(20, 1).astype(np.float32)
    return (
        tf.data.Dataset.from_tensor_slices(
            ({"watched": watched, "age": age}, r.randint(0, 30, (20, 1)).astype(np.int64))
        )
        .batch(6)
        .repeat(4)
    )


def model_fn(features, labels, mode, params):
    table = tf.get_variable(
        "video_embedding",
        [params["n"], params["d"]],
        initializer=tf.truncated_normal_initializer(stddev=0.1, seed=3),
    )
    mask = tf.cast(features["watched"] > 0, tf.float32)
    emb = tf.nn.embedding_lookup(table, features["watched"])
    user = tf.div_no_nan(
        tf.reduce_sum(emb * tf.expand_dims(mask, -1), 1), tf.reduce_sum(mask, 1, keepdims=True)
    )
    net = tf.concat([user, features["age"], tf.square(features["age"])], 1)
    for units in params["layers"]:
        net = tf.layers.dense(
            net, units, tf.nn.relu, kernel_regularizer=tf.contrib.layers.l2_regularizer(1e-3)
        )
    out_w = tf.get_variable(
        "softmax_w",
        [params["n"], params["layers"][-1]],
        initializer=tf.random_normal_initializer(stddev=0.1, seed=4),
    )
    out_b = tf.get_variable("softmax_b", [params["n"]], initializer=tf.zeros_initializer())
    logits = tf.matmul(net, out_w, transpose_b=True) + out_b
    top = tf.nn.top_k(tf.nn.softmax(logits), 3)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"ids": top.indices, "scores": top.values}
        )
    if mode == tf.estimator.ModeKeys.TRAIN:
        losses = tf.nn.sampled_softmax_loss(
            out_w,
            out_b,
            labels,
            net,
            num_sampled=8,
            num_classes=params["n"],
            partition_strategy="div",
            seed=7,
        )
        loss = tf.reduce_mean(losses) + tf.losses.get_regularization_loss()
        train_op = tf.contrib.layers.optimize_loss(
            loss,
            tf.train.get_global_step(),
            learning_rate=0.05,
            optimizer="Adagrad",
            clip_gradients=5.0,
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
    loss = tf.losses.sparse_softmax_cross_entropy(tf.squeeze(labels, 1), logits)
    return tf.estimator.EstimatorSpec(
        mode,
        loss=loss,
        eval_metric_ops={
            "recall_at_3": tf.metrics.recall_at_k(labels, logits, 3),
            "precision_at_3": tf.metrics.precision_at_k(labels, logits, 3),
            "top1": tf.metrics.mean(tf.nn.in_top_k(logits, tf.squeeze(labels, 1), 1)),
        },
    )


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
