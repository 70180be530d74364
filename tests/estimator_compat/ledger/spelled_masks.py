"""Losses with masks and selections, and divisors that are not the size of the batch."""

from typing import Any

import numpy as np
import tensorflow as tf

from tests.estimator_compat.ledger.spelled_losses import (
    Spellings,
    Truth,
    kernel,
    squares,
    word_losses,
)

tf1 = tf.compat.v1
SPELLINGS = Spellings()


@SPELLINGS.add
def zeros_first(features: Any, labels: Any) -> Any:
    e, padding = squares(features, labels), labels["y"] < 0
    kept = tf.cast(tf.logical_not(padding), tf.float32)
    return tf.reduce_sum(tf.where(padding, tf.zeros_like(e), e)) / tf.reduce_sum(kept), Truth(
        e, kept
    )


@SPELLINGS.add
def scalar_zero_first(features: Any, labels: Any) -> Any:
    e, padding = word_losses(features, labels), tf.equal(features["mask"], 0.0)
    return tf.reduce_mean(tf.where(padding, 0.0, e)), Truth(e, tf.logical_not(padding))


@SPELLINGS.add
def scalar_zero_second(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), features["mask"] > 0
    return tf.reduce_sum(tf.where(mask, e, 0.0)), Truth(e, mask)


@SPELLINGS.add
def negated_mask(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), features["mask"] > 0
    kept = tf.where(tf.logical_not(mask), 0.0, e)
    return tf.reduce_sum(kept) / tf.reduce_sum(features["mask"]), Truth(e, mask)


@SPELLINGS.add
def where_of_version_1(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), features["mask"] > 0
    kept = tf1.where(mask, e, tf.zeros_like(e))
    return tf.reduce_sum(kept) / tf.reduce_sum(tf.cast(mask, tf.float32)), Truth(e, mask)


@SPELLINGS.add
def multiply_no_nan(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), features["mask"]
    return tf.reduce_sum(tf.math.multiply_no_nan(e, mask)) / tf.reduce_sum(mask), Truth(e, mask)


def _undefined_for_some(features: Any) -> Any:
    """Returns losses that are NaN where a feature is negative, and where they are not."""
    x = features["x"][:, 0]
    return tf.square(tf.math.log(x) * kernel("slope", [1])), x > 0


@SPELLINGS.add
def losses_of_nan_multiplied(features: Any, labels: Any) -> Any:
    e, real = _undefined_for_some(features)
    mask = tf.cast(real, tf.float32)
    loss = tf.reduce_sum(tf.math.multiply_no_nan(e, mask)) / tf.reduce_sum(mask)
    return loss, Truth(tf.where(real, e, tf.zeros_like(e)), mask)


@SPELLINGS.add
def losses_of_nan_selected(features: Any, labels: Any) -> Any:
    e, real = _undefined_for_some(features)
    kept = tf.where(real, e, tf.zeros_like(e))
    return tf.reduce_mean(kept), Truth(kept, real)


@SPELLINGS.add
def boolean_mask(features: Any, labels: Any) -> Any:
    e = tf.boolean_mask(word_losses(features, labels), features["mask"] > 0)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def boolean_mask_of_weights(features: Any, labels: Any) -> Any:
    real = labels["y"] > 0
    e, w = (tf.boolean_mask(t, real) for t in (squares(features, labels), features["w"]))
    return tf.reduce_sum(w * e) / tf.reduce_sum(w), Truth(e, w)


@SPELLINGS.add
def boolean_mask_of_products(features: Any, labels: Any) -> Any:
    """Has no tensor of the selected losses without their weights, and hence no average."""
    real, w = labels["y"] > 0, features["w"]
    products = tf.boolean_mask(squares(features, labels) * w, real)
    return (tf.reduce_sum(products) / tf.reduce_sum(tf.boolean_mask(w, real)),)


@SPELLINGS.add
def gathered(features: Any, labels: Any) -> Any:
    places = tf.where(features["w"] > 0)[:, 0]
    e = tf.gather(squares(features, labels), places)
    return tf.reduce_sum(e) / tf.cast(tf.size(places), tf.float32), Truth(e)


@SPELLINGS.add
def flattened(features: Any, labels: Any) -> Any:
    e, mask = (tf.reshape(t, [-1]) for t in (word_losses(features, labels), features["mask"]))
    return tf.reduce_sum(e * mask) / (tf.reduce_sum(mask) + 1e-5), Truth(e, mask)


def _mask_without_shape(features: Any) -> Any:
    return tf1.py_func(
        lambda lengths: (np.arange(5) < lengths[:, np.newaxis]).astype(np.float32),
        [features["length"]],
        tf.float32,
    )


@SPELLINGS.add
def mask_without_shape(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), _mask_without_shape(features)
    return tf.reduce_sum(e * mask) / tf.reduce_sum(mask), Truth(e, mask)


@SPELLINGS.add
def mean_with_a_mask_without_shape(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), _mask_without_shape(features)
    return tf.reduce_mean(e * mask), Truth(e, mask)


@SPELLINGS.add
def tf_losses_with_a_mask_without_shape(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), _mask_without_shape(features)
    return tf1.losses.compute_weighted_loss(e, mask), Truth(e, mask)


@SPELLINGS.add
def one_minus_padding(features: Any, labels: Any) -> Any:
    e, mask = word_losses(features, labels), 1 - tf.cast(tf.equal(features["words"], 0), tf.float32)
    return tf.reduce_sum(e * mask) / 10.0, Truth(e, mask)


@SPELLINGS.add
def mask_computed_twice(features: Any, labels: Any) -> Any:
    e = word_losses(features, labels)
    first, second = (tf.sequence_mask(features["length"], 5, dtype=tf.float32) for _ in range(2))
    return tf.reduce_sum(e * first) / tf.reduce_sum(second), Truth(e, first)


@SPELLINGS.add
def means_of_masked_words(features: Any, labels: Any) -> Any:
    mask = tf.sequence_mask(features["length"], 5, dtype=tf.float32)
    summed = tf.reduce_sum(word_losses(features, labels) * mask, axis=1)
    e = summed / tf.reduce_sum(mask, axis=1)
    return tf.reduce_mean(e), Truth(e)


# Selections of the greatest losses.


@SPELLINGS.add
def two_greatest(features: Any, labels: Any) -> Any:
    e = tf.math.top_k(squares(features, labels), k=2).values
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def greater_half(features: Any, labels: Any) -> Any:
    k = tf.shape(labels["y"])[0] // 2
    e = tf.math.top_k(squares(features, labels), k=k).values
    return tf.reduce_sum(e) / tf.cast(k, tf.float32), Truth(e)


@SPELLINGS.add
def greater_half_gathered(features: Any, labels: Any) -> Any:
    losses = squares(features, labels)
    e = tf.gather(losses, tf.math.top_k(losses, k=tf.shape(losses)[0] // 2).indices)
    return tf.reduce_mean(e), Truth(e)


@SPELLINGS.add
def smaller_half(features: Any, labels: Any) -> Any:
    e = tf.sort(squares(features, labels))[: tf.shape(labels["y"])[0] // 2]
    return tf.reduce_mean(e), Truth(e)
