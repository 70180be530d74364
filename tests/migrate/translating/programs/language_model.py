"""Language model with tf.contrib.seq2seq.sequence_loss and a perplexity metric."""

import numpy as np
import tensorflow as tf

PARAMS = {"keep_prob": 0.8}


def train_input_fn():
    r = np.random.RandomState(7)
    ids = r.randint(1, 12, (14, 6)).astype(np.int32)
    lengths = r.randint(2, 7, 14).astype(np.int32)
    return (
        tf.data.Dataset.from_tensor_slices(({"ids": ids, "length": lengths}, np.roll(ids, -1, 1)))
        .batch(4)
        .repeat(4)
    )


def model_fn(features, labels, mode, params):
    keep = params["keep_prob"] if mode == tf.estimator.ModeKeys.TRAIN else 1.0
    embedding = tf.get_variable(
        "embedding", [12, 5], initializer=tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    )
    inputs = tf.nn.dropout(tf.nn.embedding_lookup(embedding, features["ids"]), keep)
    cell = tf.nn.rnn_cell.MultiRNNCell(
        [tf.nn.rnn_cell.BasicLSTMCell(5, forget_bias=0.0) for _ in range(2)]
    )
    outputs, state = tf.nn.dynamic_rnn(
        cell, inputs, sequence_length=features["length"], dtype=tf.float32
    )
    softmax_w = tf.get_variable("softmax_w", [5, 12])
    softmax_b = tf.get_variable("softmax_b", [12], initializer=tf.zeros_initializer())
    logits = tf.reshape(
        tf.matmul(tf.reshape(outputs, [-1, 5]), softmax_w) + softmax_b,
        [tf.shape(outputs)[0], -1, 12],
    )
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"next": tf.argmax(logits, 2)})
    mask = tf.sequence_mask(features["length"], 6, dtype=tf.float32)
    loss = tf.contrib.seq2seq.sequence_loss(logits, labels, mask)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, 2), weights=mask)
            },
        )
    tvars = tf.trainable_variables()
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, tvars), 0.5)
    lr = tf.train.exponential_decay(1.0, tf.train.get_global_step(), 4, 0.8)
    train_op = tf.train.GradientDescentOptimizer(lr).apply_gradients(
        zip(grads, tvars), tf.train.get_global_step()
    )
    tf.summary.scalar("gradient_norm", norm)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
