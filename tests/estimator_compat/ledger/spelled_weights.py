"""Losses with weights: normalized, negative, of tasks, of policies; and weights that are labels."""

from typing import Any

import numpy as np
import tensorflow as tf

from tests.estimator_compat.ledger.spelled_losses import (
    Spellings,
    Truth,
    count,
    cross_entropies,
    kernel,
    logits,
    predicted,
    squares,
    task_losses,
    word_losses,
)

tf1 = tf.compat.v1
SPELLINGS = Spellings()
TASKS = np.array([1, 0, 2, 0.5], np.float32)

# Weights that are normalized within the batch. Their author means the plain weights.


@SPELLINGS.add
def over_their_sum(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(w / tf.reduce_sum(w) * e), Truth(e, w)


@SPELLINGS.add
def over_their_sum_and_epsilon(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(w / (tf.reduce_sum(w) + 1e-6) * e), Truth(e, w)


@SPELLINGS.add
def over_their_mean(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_mean(w / tf.reduce_mean(w) * e), Truth(e, w)


@SPELLINGS.add
def times_their_count_over_their_sum(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_mean(w * count(w) / tf.reduce_sum(w) * e), Truth(e, w)


@SPELLINGS.add
def times_a_quotient(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_mean(e * (w * (count(w) / tf.reduce_sum(w)))), Truth(e, w)


@SPELLINGS.add
def over_their_greatest(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_mean(w / tf.reduce_max(w) * e), Truth(e, w)


@SPELLINGS.add
def l2_normalized(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(tf.math.l2_normalize(w, axis=0) * e), Truth(e, w)


@SPELLINGS.add
def normalized_with_kept_axes(features: Any, labels: Any) -> Any:
    e, w = word_losses(features, labels), features["w"][:, tf.newaxis]
    return tf.reduce_sum(w / tf.reduce_sum(w, keepdims=True) * e), Truth(e, w)


@SPELLINGS.add
def normalized_without_gradient(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(tf.stop_gradient(w / tf.reduce_sum(w)) * e), Truth(e, w)


@SPELLINGS.add
def normalized_for_tf_losses(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    loss = tf1.losses.compute_weighted_loss(e, w / tf.reduce_mean(w))
    return loss, Truth(e, w)


@SPELLINGS.add
def products_over_the_sum(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(w * e / tf.reduce_sum(w)), Truth(e, w)


@SPELLINGS.add
def softmax_over_the_batch(features: Any, labels: Any) -> Any:
    """Has no plain weights in the graph, and hence no average."""
    return (tf.reduce_sum(tf.nn.softmax(features["a"]) * squares(features, labels)),)


@SPELLINGS.add
def normalized_before_an_axis_is_added(features: Any, labels: Any) -> Any:
    """Has no plain weights of the losses' rank in the graph, and hence no average."""
    w = features["w"] / tf.reduce_sum(features["w"])
    return (tf.reduce_sum(w[:, tf.newaxis] * word_losses(features, labels)),)


# Weights of tasks, before and after the mean over the batch.


@SPELLINGS.add
def tasks_after_the_mean(features: Any, labels: Any) -> Any:
    e = task_losses(features, labels)
    return tf.reduce_sum(TASKS * tf.reduce_mean(e, axis=0)), Truth(e, TASKS)


@SPELLINGS.add
def mean_of_weighted_tasks(features: Any, labels: Any) -> Any:
    e = task_losses(features, labels)
    return tf.reduce_mean(tf.reduce_mean(e, axis=0) * TASKS), Truth(e, TASKS)


@SPELLINGS.add
def tasks_by_the_sum_of_their_weights(features: Any, labels: Any) -> Any:
    e = task_losses(features, labels)
    return tf.reduce_sum(tf.reduce_mean(e, axis=0) * TASKS) / TASKS.sum(), Truth(e, TASKS)


@SPELLINGS.add
def tasks_and_examples(features: Any, labels: Any) -> Any:
    e, w = task_losses(features, labels), features["w"][:, tf.newaxis]
    return tf.reduce_sum(TASKS * tf.reduce_mean(w * e, axis=0)), Truth(e, TASKS * w)


@SPELLINGS.add
def tasks_of_negative_weight(features: Any, labels: Any) -> Any:
    e, tasks = task_losses(features, labels), np.array([1, -1, 2, 0.5], np.float32)
    return tf.reduce_sum(tasks * tf.reduce_mean(e, axis=0)), Truth(tasks * e)


@SPELLINGS.add
def tasks_of_learned_weight(features: Any, labels: Any) -> Any:
    e, tasks = task_losses(features, labels), tf.exp(-kernel("variances", [4]))
    return tf.reduce_sum(tasks * tf.reduce_mean(e, axis=0)), Truth(e, tasks)


@SPELLINGS.add
def half_of_the_tasks_sum(features: Any, labels: Any) -> Any:
    e = task_losses(features, labels)
    return tf.reduce_sum(0.5 * tf.reduce_mean(e, axis=0)), Truth(e)


@SPELLINGS.add
def weighted_means_of_examples(features: Any, labels: Any) -> Any:
    e, w = tf.reduce_mean(word_losses(features, labels), axis=1), features["w"]
    return tf.reduce_mean(w * e), Truth(e, w)


# Factors that may be negative: declared weights, or a part of the losses.


@SPELLINGS.add
def negative_weights_of_tf_losses(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"] - 3.0
    loss = tf1.losses.compute_weighted_loss(e, w, reduction=tf1.losses.Reduction.MEAN)
    return loss, Truth(e, w)


@SPELLINGS.add
def negative_weights_over_their_sum(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"] - 3.0
    return tf.reduce_sum(w * e) / tf.reduce_sum(w), Truth(e, w)


@SPELLINGS.add
def difference_as_a_factor(features: Any, labels: Any) -> Any:
    e = (features["w"] - 3.0) * squares(features, labels)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def logarithm_as_a_factor(features: Any, labels: Any) -> Any:
    e = tf.math.log(features["w"] + 0.5) * squares(features, labels)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def feature_with_negative_values(features: Any, labels: Any) -> Any:
    e = features["a"] * squares(features, labels)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def feature_without_negative_values(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(w * e), Truth(e, w)


@SPELLINGS.add
def rectified_feature(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), tf.nn.relu(features["a"])
    return tf.reduce_mean(w * e), Truth(e, w)


# Policy gradients.


@SPELLINGS.add
def advantage_of_cross_entropies(features: Any, labels: Any) -> Any:
    e = cross_entropies(features, labels) * features["a"]
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def advantage_of_picked_likelihoods(features: Any, labels: Any) -> Any:
    log_probs = tf.nn.log_softmax(logits(features))
    e = tf.gather(log_probs, labels["class"], batch_dims=1) * features["a"]
    return -tf.reduce_sum(e) / count(e), Truth(-e)


@SPELLINGS.add
def advantage_of_one_hot_likelihoods(features: Any, labels: Any) -> Any:
    one_hot = tf.one_hot(labels["class"], 3)
    e = tf.reduce_sum(one_hot * tf.nn.log_softmax(logits(features)), axis=1) * features["a"]
    return -tf.reduce_mean(e), Truth(-e)


@SPELLINGS.add
def advantage_of_probabilities(features: Any, labels: Any) -> Any:
    one_hot = tf.one_hot(labels["class"], 3)
    p = tf.reduce_sum(one_hot * tf.nn.softmax(logits(features)), axis=1)
    e = tf.math.log(p) * features["a"]
    return -tf.reduce_mean(e), Truth(-e)


@SPELLINGS.add
def advantage_over_a_baseline(features: Any, labels: Any) -> Any:
    advantage = features["a"] - tf.stop_gradient(predicted(features))
    e = cross_entropies(features, labels) * advantage
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def labels_as_a_factor(features: Any, labels: Any) -> Any:
    distances, y = tf.abs(predicted(features)), labels["binary"]
    near = y * tf.square(distances)
    far = (1 - y) * tf.square(tf.maximum(1 - distances, 0))
    return tf.reduce_mean(near) + tf.reduce_mean(far), Truth(near), Truth(far)
