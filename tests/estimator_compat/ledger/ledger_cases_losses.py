"""Every function of tf.losses, with every reduction and kind of weights."""

from typing import Any

import numpy as np
import tensorflow as tf

from tests.estimator_compat.ledger.ledger_cases import (
    MASK,
    Cases,
    Reduction,
    Term,
    W,
    cross_entropies,
    fixed,
    kernel,
    logits,
    predicted,
    squares,
    word_losses,
)

tf1 = tf.compat.v1
CASES = Cases()
SQUARES = "squared_difference[batch]"
CLASSES = "softmax_cross_entropy[batch]"
MEAN, NONZERO = "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS"
COLUMN: dict[str, Any] = {"shape": (None, 1), "axes": ("batch", "1")}
WORDS: dict[str, Any] = {"shape": (None, 5), "axes": ("batch", "5")}


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def mean_squared_error(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(labels["y"], predicted(features))


@CASES.loss(Term(formula="mean(absolute_difference[batch])", row=MEAN))
def absolute_difference(features: Any, labels: Any) -> Any:
    return tf1.losses.absolute_difference(labels["y"], predicted(features))


@CASES.loss(Term(formula="mean(huber[batch])", row=MEAN))
def huber_loss(features: Any, labels: Any) -> Any:
    return tf1.losses.huber_loss(labels["y"], predicted(features), delta=0.5)


@CASES.loss(Term(formula="mean(hinge[batch, 1])", row=MEAN, **COLUMN))
def hinge_loss(features: Any, labels: Any) -> Any:
    return tf1.losses.hinge_loss(labels["binary"], logits(features, 1))


@CASES.loss(Term(formula="mean(log_loss[batch, 1])", row=MEAN, **COLUMN))
def log_loss(features: Any, labels: Any) -> Any:
    return tf1.losses.log_loss(labels["binary"], tf.sigmoid(logits(features, 1)))


@CASES.loss(Term(formula="mean(sigmoid_cross_entropy[batch, 1])", row=MEAN, **COLUMN))
def sigmoid_cross_entropy(features: Any, labels: Any) -> Any:
    return tf1.losses.sigmoid_cross_entropy(labels["binary"], logits(features, 1))


@CASES.loss(Term(formula="mean(sigmoid_cross_entropy[batch, 1])", row=MEAN, **COLUMN))
def sigmoid_with_smoothed_labels(features: Any, labels: Any) -> Any:
    return tf1.losses.sigmoid_cross_entropy(
        labels["binary"], logits(features, 1), label_smoothing=0.1
    )


@CASES.loss(Term(formula=f"mean({CLASSES})", row=MEAN))
def softmax_with_smoothed_labels(features: Any, labels: Any) -> Any:
    return tf1.losses.softmax_cross_entropy(
        tf.one_hot(labels["class"], 3), logits(features), label_smoothing=0.1
    )


@CASES.loss(Term(formula=f"mean({CLASSES})", row=MEAN))
def sparse_softmax(features: Any, labels: Any) -> Any:
    return tf1.losses.sparse_softmax_cross_entropy(labels["class"], logits(features))


@CASES.loss(Term(formula="mean(cosine_distance[batch, 1])", row=MEAN, **COLUMN))
def cosine_distance(features: Any, labels: Any) -> Any:
    return tf1.losses.cosine_distance(
        tf.one_hot(labels["class"], 3), tf.nn.l2_normalize(logits(features), 1), axis=1
    )


@CASES.loss(Term(formula=f"sum({W} * {SQUARES}) / count({W} != 0)", row=NONZERO, weights=(W,)))
def default_weighted(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(labels["y"], predicted(features), features["w"])


@CASES.loss(Term(formula=f"sum({W} * {SQUARES}) / sum({W})", row="MEAN", weights=(W,)))
def mean_weighted(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(
        labels["y"], predicted(features), features["w"], reduction=Reduction.MEAN
    )


@CASES.loss(Term(formula=f"sum({W} * {SQUARES})", row="SUM", weights=(W,)))
def sum_weighted(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(
        labels["y"], predicted(features), features["w"], reduction=Reduction.SUM
    )


@CASES.loss(Term(formula=f"mean({W} * {SQUARES})", row=MEAN, weights=(W,)))
def over_batch_size_weighted(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(
        labels["y"],
        predicted(features),
        features["w"],
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
    )


@CASES.loss(Term(formula=f"mean({W} * {SQUARES})", row=MEAN, weights=(W,)))
def none_weighted_then_mean(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(
        tf1.losses.mean_squared_error(
            labels["y"], predicted(features), features["w"], reduction=Reduction.NONE
        )
    )


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))  # all weights are 1
def mean_unweighted(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(labels["y"], predicted(features), reduction=Reduction.MEAN)


@CASES.loss(Term(formula=f"mean(2 * {SQUARES})", row=MEAN))
def weighted_by_a_number(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(labels["y"], predicted(features), weights=2.0)


@CASES.loss(Term(formula=f"sum(scale * {SQUARES}) / count(scale != 0)", row=NONZERO))
def weighted_by_a_flag(features: Any, labels: Any) -> Any:
    scale = tf1.placeholder_with_default(np.float32(0.5), [], name="scale")
    return tf1.losses.mean_squared_error(labels["y"], predicted(features), weights=scale)


@CASES.loss(
    Term(
        formula=f"sum({W} * sigmoid_cross_entropy[batch, 1]) / count({W} != 0)",
        row=NONZERO,
        weights=(W,),
        **COLUMN,
    )
)
def weighted_by_a_column(features: Any, labels: Any) -> Any:
    return tf1.losses.sigmoid_cross_entropy(
        labels["binary"], logits(features, 1), weights=features["w"][:, tf.newaxis]
    )


@CASES.loss(
    Term(
        # Each weight counts for five words.
        formula=f"sum({W} * softmax_cross_entropy[batch, 5]) / count(broadcast({W}) != 0)",
        row=NONZERO,
        weights=(W,),
        **WORDS,
    )
)
def words_weighted_by_example(features: Any, labels: Any) -> Any:
    return tf1.losses.compute_weighted_loss(
        word_losses(features, labels), tf.expand_dims(features["w"], 1)
    )


@CASES.loss(
    Term(
        formula=f"sum({MASK} * softmax_cross_entropy[batch, 5]) / sum({MASK})",
        row="MEAN",
        weights=(MASK,),
        **WORDS,
    )
)
def words_masked(features: Any, labels: Any) -> Any:
    return tf1.losses.compute_weighted_loss(
        word_losses(features, labels), features["mask"], reduction=Reduction.MEAN
    )


@CASES.loss(
    Term(
        formula=f"sum([1, 0, 2, 0.5] * {SQUARES}) / count([1, 0, 2, 0.5] != 0)",
        row=NONZERO,
        shape=(4,),
        weights=("[1, 0, 2, 0.5]",),
    ),
    drop=True,
)
def weighted_by_constants(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(
        labels["y"], predicted(features), weights=np.array([1, 0, 2, 0.5], np.float32)
    )


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN, shape=(4,)), drop=True)
def over_a_fixed_batch_size(features: Any, labels: Any) -> Any:
    return tf1.losses.mean_squared_error(
        labels["y"], predicted(features), reduction=Reduction.SUM_OVER_BATCH_SIZE
    )


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), fixed("0.001 * l2(kernel)"))
def get_total_loss(features: Any, labels: Any) -> Any:
    tf1.losses.mean_squared_error(labels["y"], predicted(features))
    regularization = 1e-3 * tf.nn.l2_loss(tf1.trainable_variables()[0])
    tf1.add_to_collection(tf1.GraphKeys.REGULARIZATION_LOSSES, regularization)
    return tf1.losses.get_total_loss()


@CASES.loss(
    Term(formula=f"mean({SQUARES})", row=MEAN), Term(formula=f"0.1 * mean({CLASSES})", row=MEAN)
)
def added_loss(features: Any, labels: Any) -> Any:
    tf1.losses.add_loss(tf.reduce_mean(squares(features, labels)))
    tf1.losses.add_loss(0.1 * tf.reduce_mean(cross_entropies(features, labels)))
    return tf1.losses.get_total_loss(add_regularization_losses=False)


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), fixed("0.01 * l2(dense/kernel)"))
def layers_regularizer(features: Any, labels: Any) -> Any:
    given = tf1.layers.dense(
        features["x"],
        1,
        name="dense",
        use_bias=False,
        kernel_initializer=tf1.constant_initializer(0.2),
        kernel_regularizer=lambda w: 0.01 * tf.nn.l2_loss(w),
    )
    tf1.losses.mean_squared_error(labels["y"], given[:, 0])
    return tf1.losses.get_total_loss()


@CASES.loss(
    Term(formula=f"mean({SQUARES})", row=MEAN),
    fixed("sum(0.01 * abs(kernel))"),
    fixed("0.02 * sum_of_squares(kernel)"),
)
def l1_l2_regularizer(features: Any, labels: Any) -> Any:
    loss = tf.reduce_mean(squares(features, labels))
    (variable,) = tf1.trainable_variables()
    penalty = tf.reduce_sum(0.01 * tf.abs(variable))
    return loss + penalty + 0.02 * tf.reduce_sum(tf.square(variable))


@CASES.loss(
    Term(formula=f"mean({CLASSES})", row=MEAN),
    fixed("0.5 * (l2(a) + l2(b))"),
)
def l2_of_two_variables(features: Any, labels: Any) -> Any:
    hidden = features["x"] @ kernel("a", [3, 2])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["class"], logits=hidden @ kernel("b", [2, 3])
    )
    penalty = tf.add_n([tf.nn.l2_loss(one) for one in tf1.trainable_variables()])
    return tf.reduce_mean(losses) + 0.5 * penalty


@CASES.loss(Term(formula=f"mean({CLASSES})", row=MEAN), fixed("0.1 * l2(a - b)"))
def l2_of_a_difference(features: Any, labels: Any) -> Any:
    a, b = kernel("a", [3, 3]), kernel("b", [3, 3])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["class"], logits=features["x"] @ (a + b)
    )
    return tf.reduce_mean(losses) + 0.1 * tf.nn.l2_loss(a - b)


@CASES.loss(Term(formula="mean(log_poisson[batch])", row=MEAN))
def poisson(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.nn.log_poisson_loss(labels["y"], predicted(features)))
