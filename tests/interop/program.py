"""A legacy program: partitioned embedding, batch norm, dropout and Adam on a decaying rate.

It runs unchanged under TensorFlow 1.15, 2.15 and this package. These draw different random numbers
for ops without a seed; therefore every random op has a seed, and the input is not shuffled. The
decaying rate and the moving averages make the losses depend on the global step and on every
variable in a checkpoint.
"""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

_random = np.random.RandomState(11)
_X = _random.randn(22, 4).astype(np.float32)
_COLOR = _random.randint(0, 5, 22).astype(np.int64)
_LABELS = (_X[:, 0] + 0.5 * _COLOR > 1.0).astype(np.float32)


def _dataset(start, stop):
    features = {"x": _X[start:stop], "color": _COLOR[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 14).batch(4).repeat()


def eval_input_fn():
    return _dataset(14, 22).batch(3)


def _uniform(seed):
    return tf.random_uniform_initializer(-0.5, 0.5, seed=seed)


def _network(features, training):
    # Two slices in the checkpoint, under one name.
    colors = tf.get_variable(
        "colors", [5, 2], initializer=_uniform(1), partitioner=tf.fixed_size_partitioner(2)
    )
    x = tf.concat([features["x"], tf.nn.embedding_lookup(colors, features["color"], "div")], axis=1)
    x = tf.layers.dense(x, 6, use_bias=False, kernel_initializer=_uniform(2))
    x = tf.layers.batch_normalization(x, momentum=0.8, training=training)
    x = tf.layers.dropout(tf.nn.relu(x), rate=0.2, seed=3, training=training)
    x = tf.layers.dense(x, 1, kernel_initializer=_uniform(4), name="logit")
    return tf.squeeze(x, axis=1)


def model_fn(features, labels, mode):
    logits = _network(features, training=(mode == tf.estimator.ModeKeys.TRAIN))
    predictions = {"logits": logits, "positive": tf.cast(logits > 0.0, tf.int64)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)

    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"accuracy": tf.metrics.accuracy(labels, predictions["positive"])}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)

    global_step = tf.train.get_global_step()
    rate = tf.train.exponential_decay(0.05, global_step, 2, 0.8)
    tf.summary.scalar("rate", rate)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
