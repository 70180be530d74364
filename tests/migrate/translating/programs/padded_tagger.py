"""A tagger whose batches have sequences of several lengths: metrics count their elements."""

import numpy as np
import tensorflow as tf

PARAMS = {"lr": 0.01}


def model_fn(features, labels, mode, params):
    emb = tf.get_variable("emb", [20, 6])
    x = tf.nn.embedding_lookup(emb, features["ids"])
    logits = tf.layers.dense(x, 4)
    pred = tf.argmax(logits, -1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": pred})
    mask = tf.sequence_mask(features["len"], dtype=tf.float32)
    xent = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_sum(xent * mask) / tf.reduce_sum(mask)
    train_op = tf.train.AdamOptimizer(params["lr"]).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=train_op,
        eval_metric_ops={
            "acc": tf.metrics.accuracy(labels, pred, weights=mask),
            "acc_all": tf.metrics.accuracy(labels, pred),
            "xent": tf.metrics.mean(xent, weights=mask),
            "xent_all": tf.metrics.mean(xent),
            "p95": tf.metrics.percentage_below(xent, 1.2),
            "mse": tf.metrics.mean_squared_error(
                tf.cast(labels, tf.float32), tf.cast(pred, tf.float32)
            ),
            "recall": tf.metrics.recall(tf.equal(labels, 1), tf.equal(pred, 1), weights=mask),
            "miou": tf.metrics.mean_iou(labels, pred, 4, weights=mask),
        },
    )


def gen(n):
    r = np.random.RandomState(n)
    for _ in range(n):
        k = r.randint(1, 9)
        yield r.randint(1, 20, k), r.randint(0, 4, k), k


def _ds(n):
    return tf.data.Dataset.from_generator(
        lambda: gen(n), (tf.int32, tf.int64, tf.int32), ([None], [None], [])
    )


def _to(i, y, k):
    return {"ids": i, "len": k}, y


def train_input_fn():
    return _ds(30).repeat().padded_batch(4, ([None], [None], [])).map(_to)


def eval_input_fn():
    return _ds(23).padded_batch(4, ([None], [None], [])).map(_to)


def predict_input_fn():
    return eval_input_fn().map(lambda features, _: features)
