"""A sequence model whose loss has three terms, each over a divisor of its own."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec

# Examples and time steps.
SHAPES = ((5, 4), (4, 6), (7, 3), (2, 5))


def _batches() -> Any:
    draw = np.random.RandomState(3)
    for examples, steps in SHAPES:
        features = {
            "words": draw.randint(0, 20, [examples, steps]),
            "length": draw.randint(1, steps + 1, [examples]),
        }
        yield features, draw.normal(size=[examples, steps]).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    features = {
        "words": tf.TensorSpec([None, None], tf.int64),
        "length": tf.TensorSpec([None], tf.int64),
    }
    spec = (features, tf.TensorSpec([None, None], tf.float32))
    return tf.data.Dataset.from_generator(_batches, output_signature=spec)


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    start = tf1.glorot_uniform_initializer(seed=2)
    words = tf1.get_variable("words", [20, 4], initializer=start)
    cell = tf1.nn.rnn_cell.GRUCell(3, kernel_initializer=start)
    states, _ = tf1.nn.dynamic_rnn(
        cell,
        tf.nn.embedding_lookup(words, features["words"]),
        sequence_length=features["length"],
        dtype=tf.float32,
    )
    gain = tf1.get_variable("gain", [3], initializer=tf1.ones_initializer())
    total = tf.reduce_sum(gain)
    states = tf.cond(total > 0, lambda: states * gain / total, lambda: states)
    found = tf1.layers.dense(states, 1, kernel_initializer=start)[:, :, 0]
    mask = tf.sequence_mask(features["length"], tf.shape(found)[1], dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(found - labels) * mask) / tf.reduce_sum(mask)
    loss += tf1.losses.huber_loss(labels, found, weights=0.3)
    loss += 1e-2 * tf.add_n([tf.nn.l2_loss(v) for v in tf1.trainable_variables()])
    step = tf1.train.get_global_step()
    return EstimatorSpec(
        mode, loss=loss, train_op=tf1.train.AdamOptimizer(0.01).minimize(loss, step)
    )
