"""Sessions of items with stacked GRU cells, which a loop wraps and collects."""

import numpy as np
import tensorflow as tf

PARAMS = {"layers": 2, "rnn_size": 5, "keep": 0.8}


def model_fn(features, labels, mode, params):
    table = tf.get_variable("items", [12, 4])
    inputs = tf.nn.embedding_lookup(table, features["ids"])
    cells = []
    for _ in range(params["layers"]):
        cell = tf.nn.rnn_cell.GRUCell(params["rnn_size"])
        if mode == tf.estimator.ModeKeys.TRAIN:
            cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=params["keep"])
        cells.append(cell)
    stacked = tf.nn.rnn_cell.MultiRNNCell(cells)
    outputs, _ = tf.nn.dynamic_rnn(stacked, inputs, features["length"], dtype=tf.float32)
    logits = tf.layers.dense(tf.reduce_max(outputs, axis=1), 3, name="logits")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"item": tf.argmax(logits, 1)})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def _dataset(count):
    r = np.random.RandomState(count)
    features = {
        "ids": r.randint(0, 12, (count, 6)),
        "length": r.randint(1, 7, count).astype(np.int32),
    }
    return tf.data.Dataset.from_tensor_slices((features, r.randint(0, 3, count)))


def train_input_fn():
    return _dataset(30).repeat().batch(4)


def eval_input_fn():
    return _dataset(13).batch(4)


def predict_input_fn():
    return eval_input_fn().map(lambda features, _: features)
