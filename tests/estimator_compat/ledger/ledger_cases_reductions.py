"""Reductions without tf.losses: sums, means, axes, divisors, signs and factors."""

from typing import Any

import numpy as np
import tensorflow as tf

from tests.estimator_compat.ledger.ledger_cases import (
    MASK,
    Cases,
    Term,
    W,
    Y,
    cross_entropies,
    kernel,
    logits,
    predicted,
    squares,
    word_losses,
)

tf1 = tf.compat.v1
CASES = Cases()
SQUARES = "squared_difference[batch]"
WORD = "softmax_cross_entropy[batch, 5]"
MEAN = "SUM_OVER_BATCH_SIZE"
WORDS: dict[str, Any] = {"shape": (None, 5), "axes": ("batch", "5")}


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def reduce_mean(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(squares(features, labels))


@CASES.loss(Term(formula=f"sum({SQUARES})", row="SUM"))
def reduce_sum(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(squares(features, labels))


@CASES.loss(Term(formula=f"mean({WORD})", row=MEAN, **WORDS))
def mean_over_all_axes(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(word_losses(features, labels))


@CASES.loss(Term(formula=f"mean(sum({WORD}, axis=0))", **WORDS))
def sum_over_the_batch_first(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.reduce_sum(word_losses(features, labels), axis=0))


@CASES.loss(Term(formula="mean(sum(softmax_cross_entropy, axis=1)[batch])", row=MEAN))
def mean_of_sums_over_time(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.reduce_sum(word_losses(features, labels), axis=1))


@CASES.loss(
    Term(
        formula=f"sum((sum({MASK} * softmax_cross_entropy, axis=1) / sum({MASK}, axis=1))[batch])"
        f" / shape({Y})[0]",
        row=MEAN,
    )
)
def each_example_by_its_own_length(features: Any, labels: Any) -> Any:
    summed = tf.reduce_sum(features["mask"] * word_losses(features, labels), axis=1)
    mean = summed / tf.reduce_sum(features["mask"], axis=1)
    return tf.reduce_sum(mean) / tf.cast(tf.shape(labels["y"])[0], tf.float32)


@CASES.loss(Term(formula=f"sum({SQUARES}) / shape(features['x'])[0]", row=MEAN))
def dynamic_batch_size(features: Any, labels: Any) -> Any:
    count = tf.cast(tf.shape(features["x"])[0], tf.float32)
    return tf.reduce_sum(squares(features, labels)) / count


@CASES.loss(Term(formula=f"sum({SQUARES}) / shape(matmul)[1]", row=None))
def divided_by_the_number_of_classes(features: Any, labels: Any) -> Any:
    shape = tf.shape(tf.identity(logits(features, 3)), name="shape")
    return tf.reduce_sum(squares(features, labels)) / tf.cast(shape[1], tf.float32)


@CASES.loss(Term(formula=f"sum({SQUARES}) / 4", row=None, shape=(4,)), drop=True)
def static_batch_size(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(squares(features, labels)) / labels["y"].shape.as_list()[0]


@CASES.loss(Term(formula=f"sum({SQUARES}) / 32", row=None))
def constant_divisor(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(squares(features, labels)) / 32.0


@CASES.loss(Term(formula=f"0.25 * sum({SQUARES})", row="SUM"))
def multiplied_by_the_inverse(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(squares(features, labels)) * 0.25


@CASES.loss(
    Term(
        formula=f"sum({MASK} * {WORD}) / (sum({MASK}) + 1e-05)", row=None, weights=(MASK,), **WORDS
    )
)
def mask_and_epsilon(features: Any, labels: Any) -> Any:
    mask = features["mask"]
    return tf.reduce_sum(mask * word_losses(features, labels)) / (tf.reduce_sum(mask) + 1e-5)


@CASES.loss(Term(formula=f"sum({MASK} * {WORD}) / sum({MASK})", weights=(MASK,), **WORDS))
def mask_unguarded(features: Any, labels: Any) -> Any:
    mask = features["mask"]
    return tf.reduce_sum(word_losses(features, labels) * mask) / tf.reduce_sum(mask)


@CASES.loss(Term(formula=f"mean({MASK} * {WORD}) / mean({MASK})", weights=(MASK,), **WORDS))
def mean_by_mean(features: Any, labels: Any) -> Any:
    mask = features["mask"]
    return tf.reduce_mean(word_losses(features, labels) * mask) / tf.reduce_mean(mask)


@CASES.loss(
    Term(
        formula=f"sum({SQUARES}) / max(sum({Y} > 0), 1)",
    )
)
def number_of_positives(features: Any, labels: Any) -> Any:
    positives = tf.reduce_sum(tf.cast(labels["y"] > 0, tf.float32))
    return tf.reduce_sum(squares(features, labels)) / tf.maximum(positives, 1.0)


@CASES.loss(Term(formula=f"sum({WORD}) / (5 * shape({Y})[0])", **WORDS))
def product_of_several(features: Any, labels: Any) -> Any:
    count = tf.cast(5 * tf.shape(labels["y"])[0], tf.float32)
    return tf.reduce_sum(word_losses(features, labels)) / count


@CASES.loss(Term(formula=f"sum({WORD}) / 5 / shape({Y})[0]", **WORDS))
def divided_twice(features: Any, labels: Any) -> Any:
    count = tf.cast(tf.shape(labels["y"])[0], tf.float32)
    return tf.reduce_sum(word_losses(features, labels)) / 5 / count


@CASES.loss(Term(formula=f"sum({W} * {SQUARES}) / sum({W})", row="MEAN", weights=(W,)))
def no_nan_by_hand(features: Any, labels: Any) -> Any:
    summed = tf.reduce_sum(features["w"] * squares(features, labels))
    return tf.math.divide_no_nan(summed, tf.reduce_sum(features["w"]))


@CASES.loss(
    Term(
        formula=f"sum({W} * {WORD}) / sum({W})",
        row=None,  # Reduction.MEAN divides by 5 times as much
        weights=(W,),
        **WORDS,
    )
)
def words_by_the_sum_of_examples_weights(features: Any, labels: Any) -> Any:
    weights = features["w"][:, tf.newaxis]
    summed = tf.reduce_sum(weights * word_losses(features, labels))
    return tf.math.divide_no_nan(summed, tf.reduce_sum(weights))


@CASES.loss(
    Term(
        formula=f"sum({W} * {MASK} * {WORD}) / sum({MASK})",
        row=None,  # the divisor is the sum of one of two weights
        weights=(MASK, W),
        **WORDS,
    )
)
def two_weights_and_the_sum_of_one(features: Any, labels: Any) -> Any:
    masked = features["mask"] * word_losses(features, labels)
    summed = tf.reduce_sum(features["w"][:, tf.newaxis] * masked)
    return tf.math.divide_no_nan(summed, tf.reduce_sum(features["mask"]))


@CASES.loss(Term(formula=f"mean({W} * {SQUARES})", row=MEAN, weights=(W,)))
def weights_with_reduce_mean(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(squares(features, labels) * features["w"])


@CASES.loss(Term(formula=f"0.5 * mean({SQUARES})", row=MEAN))
def multiplied_after(features: Any, labels: Any) -> Any:
    return 0.5 * tf.reduce_mean(squares(features, labels))


@CASES.loss(Term(formula="mean((0.5 * squared_difference)[batch])", row=MEAN))
def multiplied_before(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(0.5 * squares(features, labels))


@CASES.loss(Term(formula="sum((labels['y'] - matmul)[batch]**2 / 2)", row="SUM"))
def l2_loss_of_errors(features: Any, labels: Any) -> Any:
    return tf.nn.l2_loss(labels["y"] - predicted(features))


@CASES.loss(Term(formula="sum((features['w'] * (labels['y'] - matmul))[batch]**2 / 2)", row="SUM"))
def l2_loss_of_weighted_errors(features: Any, labels: Any) -> Any:
    """Squares the weights, too, so that they are not weights of the losses."""
    return tf.nn.l2_loss(features["w"] * (labels["y"] - predicted(features)))


@CASES.loss(Term(formula="mean(cross_entropy[batch])", row=MEAN))
def one_hot_by_hand(features: Any, labels: Any) -> Any:
    log_probs = tf.nn.log_softmax(logits(features))
    one_hot = tf.one_hot(labels["class"], 3)
    return tf.reduce_mean(-tf.reduce_sum(one_hot * log_probs, axis=-1))


@CASES.loss(
    Term(formula="sum(-log_likelihood[batch, 3])", row="SUM", shape=(None, 3), axes=("batch", "3"))
)
def negated_sum(features: Any, labels: Any) -> Any:
    log_probs = tf.nn.log_softmax(logits(features))
    return -tf.reduce_sum(tf.one_hot(labels["class"], 3) * log_probs)


@CASES.loss(
    Term(
        formula="mean(weighted_sigmoid_cross_entropy[batch, 1])",
        row=MEAN,
        shape=(None, 1),
        axes=("batch", "1"),
    )
)
def weighted_cross_entropy_with_logits(features: Any, labels: Any) -> Any:
    losses = tf.nn.weighted_cross_entropy_with_logits(labels["binary"], logits(features, 1), 3.0)
    return tf.reduce_mean(losses)


@CASES.loss(
    Term(formula=f"sum(where({Y} > 0, {SQUARES}, 0)) / sum({Y} > 0)", weights=(f"{Y} > 0",))
)
def where_not_zero(features: Any, labels: Any) -> Any:
    real = labels["y"] > 0
    losses = squares(features, labels)
    kept = tf.where(real, losses, tf.zeros_like(losses))
    return tf.reduce_sum(kept) / tf.reduce_sum(tf.cast(real, tf.float32))


@CASES.loss(Term(formula="mean(squared_difference[selected])", row=MEAN, axes=("selected",)))
def boolean_mask(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.boolean_mask(squares(features, labels), labels["y"] > 0))


@CASES.loss(
    Term(formula=f"sum(squared_difference[selected]) / shape({Y})[0]", row=None, axes=("selected",))
)
def selected_by_the_batch_size(features: Any, labels: Any) -> Any:
    kept = tf.boolean_mask(squares(features, labels), labels["y"] > 0)
    return tf.reduce_sum(kept) / tf.cast(tf.shape(labels["y"])[0], tf.float32)


@CASES.loss(
    Term(formula=f"sum(squared_difference[selected]) / size({Y})", row=None, axes=("selected",))
)
def selected_by_the_size_of_labels(features: Any, labels: Any) -> Any:
    kept = tf.boolean_mask(squares(features, labels), labels["y"] > 0)
    return tf.math.divide_no_nan(tf.reduce_sum(kept), tf.reduce_sum(tf.ones_like(labels["y"])))


@CASES.loss(Term(formula="mean(softmax_cross_entropy[selected])", row=MEAN, axes=("selected",)))
def gathered(features: Any, labels: Any) -> Any:
    places = tf.where(labels["class"] > 0)[:, 0]
    return tf.reduce_mean(tf.gather(cross_entropies(features, labels), places))


@CASES.loss(Term(formula="mean(softmax_cross_entropy[batch*5])", row=MEAN, axes=("batch*5",)))
def words_in_one_row(features: Any, labels: Any) -> Any:
    flat = tf.reshape(tf.one_hot(features["words"], 7), [-1, 7]) @ kernel("words", [7, 3])
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.reshape(labels["words"], [-1]), logits=flat
        )
    )


@CASES.loss(
    Term(
        formula="mean(sum(softmax_cross_entropy[batch, 5], axis=0))",
        shape=(None, 5),
        axes=("batch", "5"),
    )
)
def reshaped_before_axes(features: Any, labels: Any) -> Any:
    """Reshapes the losses to their own shape, then sums them over the first axis."""
    product = tf.reshape(word_losses(features, labels), [-1, 5])
    return tf.reduce_mean(tf.reduce_sum(product, axis=0))


@CASES.loss(Term(formula=f"mean(mean({SQUARES}))", row=MEAN))
def reduced_twice(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf1.losses.mean_squared_error(labels["y"], predicted(features)))


@CASES.loss(
    Term(
        formula="mean(squared_difference[batch, batch])",
        row=MEAN,
        shape=(None, None),
        axes=("batch", "batch"),
    )
)
def broadcast(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.square(labels["y"] - logits(features, 1)))


@CASES.loss(
    Term(formula="mean(squared_difference[batch])", row=MEAN, shape=(1,)), batch=1, drop=True
)
def batch_of_one(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(squares(features, labels))


@CASES.loss(
    Term(
        formula="mean(placeholder_with_default[?])",
        row=MEAN,
        shape=None,
        axes=("?",),
        batch_axis=None,
    )
)
def unknown_rank(features: Any, labels: Any) -> Any:
    losses = tf1.placeholder_with_default(squares(features, labels), None)
    return tf.reduce_mean(losses)


@CASES.loss(
    Term(
        formula="mean(sum(square(PlaceholderWithDefault), axis=-1)[?])",
        row=MEAN,
        shape=None,
        axes=("?",),
        batch_axis=None,
    )
)
def unknown_rank_and_axis(features: Any, labels: Any) -> Any:
    errors = tf1.placeholder_with_default(
        features["x"] - features["x"] @ kernel("square", [3, 3]), None
    )
    return tf.reduce_mean(tf.reduce_sum(tf.square(errors), axis=-1))


@CASES.loss(Term(formula=f"mean({WORD})", row=MEAN, **WORDS))
def kept_dimensions(features: Any, labels: Any) -> Any:
    return tf.squeeze(tf.reduce_mean(word_losses(features, labels), keepdims=True))


@CASES.loss(
    Term(
        formula="sum([1, 0, 2] * mean(squared_difference[batch, 3], axis=0))",
        row=None,
        shape=(None, 3),
        axes=("batch", "3"),
        # sum_c w[c] * mean_b l[b, c] is sum(w) times the mean under the weights w.
        weights=("[1, 0, 2]",),
    ),
)
def weighted_columns(features: Any, labels: Any) -> Any:
    columns = tf.square(features["x"] - features["x"] @ kernel("square", [3, 3]))
    return tf.reduce_sum(np.array([1, 0, 2], np.float32) * tf.reduce_mean(columns, axis=0))


@CASES.loss(
    Term(formula="mean((squared_difference + (0.1 * absolute_difference))[batch])", row=MEAN)
)
def two_losses_an_example(features: Any, labels: Any) -> Any:
    error = labels["y"] - predicted(features)
    return tf.reduce_mean(tf.square(error) + 0.1 * tf.abs(error))


@CASES.loss(
    Term(
        formula="mean(sqrt(mean(square(mul), axis=0) + 1)[4])",
        row=MEAN,
        shape=(4,),
        axes=("4",),
        batch_axis=None,
    ),
    drop=True,
)
def as_many_columns_as_examples(features: Any, labels: Any) -> Any:
    """The axis of hidden units has the size of the batch by chance."""
    hidden = tf.one_hot(labels["class"], 4) * kernel("hidden", [4])
    return tf.reduce_mean(tf.sqrt(tf.reduce_mean(tf.square(hidden), axis=0) + 1.0))


@CASES.loss(
    Term(
        formula="sum(mean(transpose[4, batch], axis=1))",
        shape=(4, 4),
        axes=("4", "batch"),
        batch_axis=1,
    ),
    drop=True,
)
def as_many_words_as_examples(features: Any, labels: Any) -> Any:
    losses = tf.transpose(word_losses(features, labels)[:, :4])
    return tf.reduce_sum(tf.reduce_mean(losses, axis=1))


@CASES.loss(
    Term(
        formula="mean(sum((softmax_cross_entropy * features['mask'])[5, ?], axis=1))",
        shape=(5, None),
        axes=("5", "?"),
        batch_axis=None,
    )
)
def mixed_by_a_reshape(features: Any, labels: Any) -> Any:
    product = tf.reshape(word_losses(features, labels) * features["mask"], [5, -1])
    return tf.reduce_mean(tf.reduce_sum(product, axis=1))


@CASES.loss(
    Term(
        formula=f"sum({W} * {SQUARES}) / sum(int32({W}))",
        weights=(W,),
    )
)
def divided_by_truncated_weights(features: Any, labels: Any) -> Any:
    summed = tf.reduce_sum(features["w"] * squares(features, labels))
    whole = tf.cast(tf.cast(features["w"], tf.int32), tf.float32)
    return tf.math.divide_no_nan(summed, tf.reduce_sum(whole))


@CASES.loss(
    Term(
        formula=f"sum({W} * {W} * {SQUARES}) / count({W} != 0)",
        row=None,  # counts one of the two
        weights=(W, W),
    )
)
def weighted_twice(features: Any, labels: Any) -> Any:
    losses = features["w"] * squares(features, labels)
    return tf1.losses.compute_weighted_loss(losses, features["w"])


@CASES.loss(
    Term(
        formula="sum(cond * squared_difference[batch]) / sum(cond)",
        weights=("cond",),
    )
)
def weights_of_a_cond(features: Any, labels: Any) -> Any:
    weights = tf.cond(
        tf.reduce_sum(labels["y"]) > 0, lambda: features["w"], lambda: features["w"] * 2
    )
    weights.set_shape([None])
    return tf.reduce_sum(weights * squares(features, labels)) / tf.reduce_sum(weights)


@CASES.loss(Term(formula=f"mean({W} * cond[batch])", row=MEAN, weights=(W,)))
def losses_of_a_cond(features: Any, labels: Any) -> Any:
    losses = tf.cond(
        tf.reduce_sum(labels["y"]) > 0,
        lambda: squares(features, labels),
        lambda: 2 * squares(features, labels),
    )
    return tf.reduce_mean(features["w"] * losses)


@CASES.loss(
    Term(
        formula="where(sum(count(1 != 0)) > 0, sum(pairwise_squared_difference[batch, 1]), 0)",
        row="SUM",
        shape=(None, 1),
        axes=("batch", "1"),
    )
)
def mean_pairwise_squared_error(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_pairwise_squared_error(tf.one_hot(labels["class"], 3), logits(features))


@CASES.loss(Term(formula="mean(-gather_nd[batch])", row=MEAN))
def picked_by_class(features: Any, labels: Any) -> Any:
    log_probs = tf.nn.log_softmax(logits(features))
    places = tf.stack([tf.range(tf.shape(log_probs)[0]), labels["class"]], axis=1)
    return -tf.reduce_mean(tf.gather_nd(log_probs, places))


@CASES.loss(Term(formula="mean(softmax_cross_entropy[batch*?])", row=MEAN, axes=("batch*?",)))
def words_of_unknown_length_in_one_row(features: Any, labels: Any) -> Any:
    ids = labels["words"][:, : tf1.placeholder_with_default(5, [])]
    given = tf.one_hot(ids, 3) @ kernel("words", [3, 3])
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.reshape(ids, [-1]), logits=tf.reshape(given, [-1, 3])
        )
    )
