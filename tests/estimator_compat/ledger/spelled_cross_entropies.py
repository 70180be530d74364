"""Cross-entropies by hand: their labels are no weights."""

from typing import Any

import tensorflow as tf

from tests.estimator_compat.ledger.spelled_losses import (
    Spellings,
    Truth,
    count,
    logits,
    predicted,
    word_losses,
)

SPELLINGS = Spellings()


def log_probs(features: Any) -> Any:
    return tf.nn.log_softmax(logits(features))


@SPELLINGS.add
def log_sigmoid_in_two_terms(features: Any, labels: Any) -> Any:
    z, y = predicted(features), labels["binary"]
    a, b = y * tf.math.log_sigmoid(z), (1 - y) * tf.math.log_sigmoid(-z)
    return -tf.reduce_mean(a) - tf.reduce_mean(b), Truth(-a), Truth(-b)


@SPELLINGS.add
def negated_inside_in_two_terms(features: Any, labels: Any) -> Any:
    z, y = predicted(features), labels["binary"]
    a, b = y * -tf.math.log_sigmoid(z), (1 - y) * -tf.math.log_sigmoid(-z)
    return tf.reduce_mean(a) + tf.reduce_mean(b), Truth(a), Truth(b)


@SPELLINGS.add
def softplus_in_two_terms(features: Any, labels: Any) -> Any:
    z, y = predicted(features), labels["binary"]
    a, b = y * tf.nn.softplus(-z), (1 - y) * tf.nn.softplus(z)
    return tf.reduce_mean(a) + tf.reduce_mean(b), Truth(a), Truth(b)


@SPELLINGS.add
def clipped_probabilities(features: Any, labels: Any) -> Any:
    p = tf.clip_by_value(tf.sigmoid(predicted(features)), 1e-6, 1 - 1e-6)
    e = -labels["binary"] * tf.math.log(p)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def probabilities_and_epsilon(features: Any, labels: Any) -> Any:
    e = -labels["soft"] * tf.math.log(tf.nn.softmax(logits(features)) + 1e-8)
    return tf.reduce_sum(e), Truth(e)


@SPELLINGS.add
def summed_over_classes(features: Any, labels: Any) -> Any:
    p = tf.nn.softmax(logits(features))
    e = tf.reduce_sum(-labels["soft"] * tf.math.log(p), -1)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def one_hot_over_the_count(features: Any, labels: Any) -> Any:
    e = tf.one_hot(labels["class"], 3) * log_probs(features)
    return -tf.reduce_sum(e) / count(e), Truth(-e)


@SPELLINGS.add
def mean_of_one_hot(features: Any, labels: Any) -> Any:
    e = -tf.one_hot(labels["class"], 3) * log_probs(features)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def one_hot_over_its_own_sum(features: Any, labels: Any) -> Any:
    one_hot = tf.one_hot(labels["class"], 3)
    e = one_hot * log_probs(features)
    return -tf.reduce_sum(e) / tf.reduce_sum(one_hot), Truth(-e)


@SPELLINGS.add
def teacher(features: Any, labels: Any) -> Any:
    e = tf.stop_gradient(tf.nn.softmax(features["x"] * 2)) * log_probs(features)
    return -tf.reduce_sum(e) / count(e), Truth(-e)


@SPELLINGS.add
def teacher_in_two_terms(features: Any, labels: Any) -> Any:
    z, t = predicted(features), tf.stop_gradient(tf.sigmoid(features["x"][:, 0]))
    a, b = -t * tf.math.log_sigmoid(z), -(1 - t) * tf.math.log_sigmoid(-z)
    return tf.reduce_mean(a) + tf.reduce_mean(b), Truth(a), Truth(b)


@SPELLINGS.add
def divergence_from_a_teacher(features: Any, labels: Any) -> Any:
    t = tf.nn.softmax(features["x"] * 2)
    e = t * (tf.math.log(t) - log_probs(features))
    return tf.reduce_sum(e) / count(e), Truth(e)


@SPELLINGS.add
def divergence_from_soft_labels(features: Any, labels: Any) -> Any:
    t = labels["soft"]
    e = tf.reduce_sum(t * (tf.math.log(t) - log_probs(features)), axis=1)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def xlogy(features: Any, labels: Any) -> Any:
    e = -tf.math.xlogy(labels["soft"], tf.nn.softmax(logits(features)))
    return tf.reduce_sum(e) / count(e), Truth(e)


@SPELLINGS.add
def classes_compared(features: Any, labels: Any) -> Any:
    p, y = tf.sigmoid(predicted(features)), tf.cast(tf.equal(labels["class"], 1), tf.float32)
    a, b = -y * tf.math.log(p + 1e-6), -(1 - y) * tf.math.log(1 - p + 1e-6)
    return tf.reduce_mean(a) + tf.reduce_mean(b), Truth(a), Truth(b)


@SPELLINGS.add
def classes_selected(features: Any, labels: Any) -> Any:
    p = tf.sigmoid(predicted(features))
    e = tf.where(tf.equal(labels["class"], 1), tf.math.log(p), tf.zeros_like(p))
    return -tf.reduce_mean(e), Truth(-e)


# A mask of log-likelihoods is weights, because the reduction declares it.


@SPELLINGS.add
def masked_likelihoods(features: Any, labels: Any) -> Any:
    p, mask = -word_losses(features, labels), features["mask"]
    return -tf.reduce_sum(mask * p) / tf.reduce_sum(mask), Truth(-p, mask)


@SPELLINGS.add
def weighted_logarithms(features: Any, labels: Any) -> Any:
    one_hot, w = tf.one_hot(labels["class"], 3), features["w"]
    e = -tf.math.log(tf.reduce_sum(one_hot * tf.nn.softmax(logits(features)), axis=1))
    return tf.reduce_sum(w * e) / tf.reduce_sum(w), Truth(e, w)


@SPELLINGS.add
def weighted_cross_entropies(features: Any, labels: Any) -> Any:
    one_hot, w = tf.one_hot(labels["class"], 3), features["w"]
    e = -tf.reduce_sum(one_hot * log_probs(features), axis=1)
    return tf.reduce_mean(w * e), Truth(e, w)
