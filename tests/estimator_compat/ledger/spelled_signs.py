"""Losses that are negated or scaled by a number, outside and inside of their reduction."""

from typing import Any

import tensorflow as tf

from tests.estimator_compat.ledger.spelled_losses import (
    Spellings,
    Truth,
    count,
    kernel,
    log_likelihoods,
    logits,
    predicted,
    squares,
)

SPELLINGS = Spellings()


@SPELLINGS.add
def negated(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.negative(tf.reduce_mean(p)), Truth(-p)


@SPELLINGS.add
def times_minus_two(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.multiply(-2.0, tf.reduce_mean(p)), Truth(-p)


@SPELLINGS.add
def taken_from_zero(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return 0 - tf.reduce_mean(p), Truth(-p)


@SPELLINGS.add
def divided_by_minus_four(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) / -4.0, Truth(-p)


@SPELLINGS.add
def divided_by_a_negative_count(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) / tf.cast(-tf.shape(p)[0], tf.float32), Truth(-p)


@SPELLINGS.add
def divided_by_minus_one_times_the_count(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) / (-1.0 * count(p)), Truth(-p)


@SPELLINGS.add
def divided_by_minus_three_times_the_count(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) / (-3.0 * count(p)), Truth(-p)


@SPELLINGS.add
def divided_by_zero_minus_the_count(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) / (0 - count(p)), Truth(-p)


@SPELLINGS.add
def times_minus_one_over_the_count(features: Any, labels: Any) -> Any:
    p = log_likelihoods(features, labels)
    return tf.reduce_sum(p) * (-1.0 / count(p)), Truth(-p)


def _divergence(features: Any) -> Any:
    mean, log_variance = logits(features, 2, "mean"), logits(features, 2, "variance")
    return 1 + log_variance - tf.square(mean) - tf.exp(log_variance)


@SPELLINGS.add
def divergence_of_an_autoencoder(features: Any, labels: Any) -> Any:
    t = _divergence(features)
    reconstruction = tf.square(logits(features, 3, "decoder") - features["x"])
    loss = tf.reduce_mean(reconstruction) + -0.5 * tf.reduce_mean(t)
    return loss, Truth(reconstruction), Truth(-t)


@SPELLINGS.add
def divergence_summed_over_the_latents(features: Any, labels: Any) -> Any:
    t = tf.reduce_sum(_divergence(features), axis=1)
    return -0.5 * tf.reduce_mean(t), Truth(-t)


@SPELLINGS.add
def half_divergence_inside_the_mean(features: Any, labels: Any) -> Any:
    t = -0.5 * tf.reduce_sum(_divergence(features), axis=1)
    return tf.reduce_mean(t), Truth(t)


@SPELLINGS.add
def subtracted_twice(features: Any, labels: Any) -> Any:
    e, p = squares(features, labels), log_likelihoods(features, labels)
    inner = 0.1 * tf.reduce_mean(e) - 0.2 * tf.reduce_mean(p)
    return tf.reduce_mean(e) - inner, Truth(e), Truth(-e), Truth(p)


@SPELLINGS.add
def negated_half_squares(features: Any, labels: Any) -> Any:
    e = predicted(features) - labels["y"]
    return -0.5 * tf.nn.l2_loss(e), Truth(-e * e / 2)


@SPELLINGS.add
def stacked_with_a_negative_weight(features: Any, labels: Any) -> Any:
    e, p = squares(features, labels), log_likelihoods(features, labels)
    stack = tf.stack([tf.reduce_mean(p), tf.reduce_mean(e)])
    return tf.reduce_sum(stack * [-1.0, 0.5]), Truth(-p), Truth(e)


@SPELLINGS.add
def negative_weights_over_their_sum(features: Any, labels: Any) -> Any:
    p, w = log_likelihoods(features, labels), features["w"]
    return tf.reduce_sum(-w * p) / tf.reduce_sum(w), Truth(-p, w)


@SPELLINGS.add
def over_the_negative_sum_of_weights(features: Any, labels: Any) -> Any:
    p, w = log_likelihoods(features, labels), features["w"]
    return tf.reduce_sum(w * p) / -tf.reduce_sum(w), Truth(-p, w)


@SPELLINGS.add
def number_inside_a_sum(features: Any, labels: Any) -> Any:
    e = 0.5 * squares(features, labels)
    return tf.reduce_sum(e), Truth(e)


@SPELLINGS.add
def quotient_inside_a_mean(features: Any, labels: Any) -> Any:
    e = squares(features, labels) / 2.0
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def number_beside_the_losses(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(0.5 * e * w) / tf.reduce_sum(w), Truth(0.5 * e, w)


@SPELLINGS.add
def number_outside_of_the_weights(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(0.5 * (e * w)) / tf.reduce_sum(w), Truth(0.5 * e, w)


@SPELLINGS.add
def number_beside_the_weights(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(0.5 * w * e) / tf.reduce_sum(w), Truth(0.5 * e, w)


@SPELLINGS.add
def number_of_declared_weights(features: Any, labels: Any) -> Any:
    e, w = squares(features, labels), features["w"]
    return tf.reduce_sum(2.0 * w * e) / tf.reduce_sum(2.0 * w), Truth(e, w)


@SPELLINGS.add
def count_inside_the_sum(features: Any, labels: Any) -> Any:
    e = squares(features, labels)
    return tf.reduce_sum(e / count(features["x"])), Truth(e)


@SPELLINGS.add
def learned_scale(features: Any, labels: Any) -> Any:
    e, s = squares(features, labels), kernel("s", [])
    return -tf.exp(-s) * tf.reduce_mean(e), Truth(-e)
