"""Strings through lookup tables: words in, class names out; summaries of a metric's own."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"classes": ["no", "yes", "maybe"]}

_WORDS = np.array(["alpha", "beta", "gamma", "delta", "unknown"])
_random = np.random.RandomState(16)
_WORD = _WORDS[_random.randint(0, 5, size=26)]
_ANSWER = np.array(PARAMS["classes"])[_random.randint(0, 3, size=26)]


def _dataset(start, stop):
    return tf.data.Dataset.from_tensor_slices(({"word": _WORD[start:stop]}, _ANSWER[start:stop]))


def train_input_fn():
    return _dataset(0, 17).apply(tf.data.experimental.shuffle_and_repeat(17)).batch(5)


def eval_input_fn():
    return _dataset(17, 26).batch(4)


def predict_input_fn():
    return _dataset(17, 26).batch(4)


def lookup_table(strings):
    keys = tf.constant(strings)
    values = tf.range(len(strings), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)


def model_fn(features, labels, mode, params):
    ids = lookup_table(list(_WORDS[:4])).lookup(features["word"]) + 1
    logits = tf.layers.dense(tf.one_hot(ids, 5), len(params["classes"]), name="logits")
    best = tf.argmax(logits, axis=1)
    names = tf.gather(tf.constant(params["classes"]), best)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"answer": names, "word": features["word"]}
        )

    label_ids = lookup_table(params["classes"]).lookup(labels)
    one_hot = tf.one_hot(label_ids, len(params["classes"]))
    loss = tf.losses.softmax_cross_entropy(one_hot, logits, label_smoothing=0.1)
    accuracy = tf.metrics.mean_per_class_accuracy(label_ids, best, num_classes=3)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"by_class": accuracy})

    optimizer = tf.train.FtrlOptimizer(0.1, l2_regularization_strength=0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
