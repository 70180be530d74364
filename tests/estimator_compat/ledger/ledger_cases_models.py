"""Losses of several terms, of recurrent networks and of GANs, and graphs with unknown ops."""

from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec, tpu
from tests.estimator_compat.ledger.ledger_cases import (
    Cases,
    Term,
    W,
    Y,
    cross_entropies,
    fixed,
    kernel,
    logits,
    predicted,
    squares,
    trained,
    word_losses,
)

tf1 = tf.compat.v1
CASES = Cases()
SQUARES = "squared_difference[batch]"
CLASSES = "softmax_cross_entropy[batch]"
SIGMOID = "sigmoid_cross_entropy[batch, 1]"
MEAN = "SUM_OVER_BATCH_SIZE"
COLUMN: dict[str, Any] = {"shape": (None, 1), "axes": ("batch", "1")}
WORDS: dict[str, Any] = {"shape": (None, 5), "axes": ("batch", "5")}


def opaque(formula: str, trained: bool = True) -> Term:
    return fixed(formula, "opaque", trained=trained)


def mean_squares(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(squares(features, labels))


def mean_classes(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(cross_entropies(features, labels))


@CASES.loss(
    Term(formula=f"mean({SQUARES})", row=MEAN),
    Term(formula=f"0.3 * mean({CLASSES})", row=MEAN),
)
def multi_task(features: Any, labels: Any) -> Any:
    return tf.add_n([mean_squares(features, labels), 0.3 * mean_classes(features, labels)])


@CASES.loss(
    Term(formula=f"exp(-s1) * mean({SQUARES})", row=MEAN),
    fixed("(s1 + s2)"),
    Term(formula=f"exp(-s2) * mean({CLASSES})", row=MEAN),
)
def learned_log_variances(features: Any, labels: Any) -> Any:
    first, second = (tf1.get_variable(n, initializer=0.25) for n in ("s1", "s2"))
    loss = tf.exp(-first) * mean_squares(features, labels) + first
    return loss + (tf.exp(-second) * mean_classes(features, labels) + second)


@CASES.loss(
    Term(formula=f"mean({SQUARES}) / (2 * square(sigma))", row=None),
    fixed("log(sigma)"),
)
def learned_deviation(features: Any, labels: Any) -> Any:
    sigma = tf1.get_variable("sigma", initializer=1.5)
    return mean_squares(features, labels) / (2.0 * tf.square(sigma)) + tf.math.log(sigma)


@CASES.loss(
    Term(formula=f"0.5 * mean({SQUARES})", row=MEAN),
    Term(formula=f"0.25 * mean({CLASSES})", row=MEAN),
)
def stacked_tasks(features: Any, labels: Any) -> Any:
    losses = tf.stack([mean_squares(features, labels), mean_classes(features, labels)])
    return tf.reduce_sum(np.array([0.5, 0.25], np.float32) * losses)


@CASES.loss(
    Term(formula=f"mean({SQUARES}) / 2", row=MEAN),
    Term(formula=f"mean({CLASSES}) / 2", row=MEAN),
)
def mean_of_a_stack(features: Any, labels: Any) -> Any:
    return tf.reduce_mean([mean_squares(features, labels), mean_classes(features, labels)])


@CASES.loss(Term(formula=f"sum({SQUARES})", row="SUM"), Term(formula=f"mean({CLASSES})", row=MEAN))
def sum_and_mean(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(squares(features, labels)) + mean_classes(features, labels)


@CASES.loss(
    Term(formula=f"mean({SQUARES})", row=MEAN),
    # minus an entropy, which is minus the sum of p*log(p)
    Term(formula="0.01 * mean(sum(exp(LogSoftmax) * LogSoftmax, axis=1)[batch])", row=MEAN),
)
def entropy_bonus(features: Any, labels: Any) -> Any:
    log_probs = tf.nn.log_softmax(logits(features))
    entropy = -tf.reduce_mean(tf.reduce_sum(tf.exp(log_probs) * log_probs, axis=1))
    return mean_squares(features, labels) - 0.01 * entropy


@CASES.loss(
    Term(formula=f"mean({CLASSES})", row=MEAN),
    Term(formula=f"stop_gradient(mean({SQUARES}))", row=MEAN, trained=False),
    Term(formula=f"stop_gradient(mean(-{CLASSES}))", row=MEAN, trained=False),
    exact=None,  # x + (y - x) is added up as x + y - x
)
def straight_through(features: Any, labels: Any) -> Any:
    """Has the value of one loss and the gradient of another."""
    x, y = mean_classes(features, labels), mean_squares(features, labels)
    return x + tf.stop_gradient(y - x)


@CASES.loss(Term(formula=f"128 * mean({SQUARES}) / 128", row=MEAN))
def loss_scale(features: Any, labels: Any) -> Any:
    return mean_squares(features, labels) * 128.0 / 128.0


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def half_precision(features: Any, labels: Any) -> Any:
    error = tf.cast(labels["y"] - predicted(features), tf.float16)
    return tf.cast(tf.reduce_mean(tf.square(error)), tf.float32)


@CASES.loss(
    Term(
        formula=f"sum({W} * {SQUARES})",
        row="SUM",
        weights=(W,),
    )
)
def half_precision_products(features: Any, labels: Any) -> Any:
    """Multiplies in float16 and sums in float32."""
    error = tf.cast(labels["y"] - predicted(features), tf.float16)
    product = tf.square(error) * tf.cast(features["w"], tf.float16)
    return tf.reduce_sum(tf.cast(product, tf.float32))


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def bfloat16(features: Any, labels: Any) -> Any:
    error = tf.cast(labels["y"] - predicted(features), tf.bfloat16)
    return tf.reduce_mean(tf.square(error))


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def renamed(features: Any, labels: Any) -> Any:
    with tf.control_dependencies([tf1.assert_non_negative(labels["y"])]):
        loss = tf.identity(mean_squares(features, labels), name="loss")
    return tf.debugging.check_numerics(tf.reshape(tf.cast(loss, tf.float32), []), "loss")


def _conditional(features: Any, labels: Any) -> Any:
    given = tf.cond(
        tf.reduce_mean(labels["y"]) > 100.0, lambda: labels["y"], lambda: labels["y"] * 1.0
    )
    return tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, y * 0.5), [0, given])[1]


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN))
def control_flow_behind(features: Any, labels: Any) -> Any:
    halved = _conditional(features, labels)
    halved.set_shape([None])
    return tf.reduce_mean(tf.math.squared_difference(predicted(features), halved))


def _with_v1(loss_fn: Any) -> Any:
    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        was = tf1.control_flow_v2_enabled()
        tf1.disable_control_flow_v2()
        try:
            loss = loss_fn(features, labels)
            return EstimatorSpec(mode, loss=loss, train_op=trained(loss))
        finally:
            if was:
                tf1.enable_control_flow_v2()

    return model_fn


@CASES.model_fn(Term(formula=f"mean({SQUARES})", row=MEAN))
def control_flow_v1_behind(features: Any, labels: Any, mode: str, params: Any) -> Any:
    return _with_v1(control_flow_behind)(features, labels, mode, params)


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), opaque("If(cond)"))
def loss_in_a_cond(features: Any, labels: Any) -> Any:
    auxiliary = tf.cond(
        tf.reduce_mean(labels["y"]) > 0.5,
        lambda: mean_classes(features, labels),
        lambda: tf.constant(0.0),
    )
    return mean_squares(features, labels) + auxiliary


@CASES.model_fn(Term(formula=f"mean({SQUARES})", row=MEAN), opaque("Merge(cond/Merge)"))
def loss_in_a_v1_cond(features: Any, labels: Any, mode: str, params: Any) -> Any:
    return _with_v1(loss_in_a_cond)(features, labels, mode, params)


@CASES.loss(Term(formula="mean(tensor_list_stack[batch])", row=MEAN))
def mapped(features: Any, labels: Any) -> Any:
    losses = tf.map_fn(lambda e: e * e, labels["y"] - predicted(features))
    losses.set_shape([None])
    return tf.reduce_mean(losses)


@CASES.loss(Term(formula=f"mean({CLASSES})", row=MEAN), Term(formula=f"mean({CLASSES})", row=MEAN))
def unrolled_over_time(features: Any, labels: Any) -> Any:
    losses = []
    for step in range(2):
        ids = tf.one_hot(features["words"][:, step], 7) @ kernel(f"step{step}", [7, 3])
        losses.append(
            tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels=labels["words"][:, step], logits=ids
                )
            )
        )
    return tf.add_n(losses)


@CASES.loss(
    Term(
        formula=f"sum(softmax_cross_entropy[5, batch]) / shape({Y})[0]",
        shape=(5, None),
        axes=("5", "batch"),
        batch_axis=1,
    )
)
def time_major(features: Any, labels: Any) -> Any:
    words = tf.one_hot(tf.transpose(features["words"]), 7)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.transpose(labels["words"]),
        logits=tf.einsum("tbd,dc->tbc", words, kernel("words", [7, 3])),
    )
    return tf.reduce_sum(losses) / tf.cast(tf.shape(labels["y"])[0], tf.float32)


@CASES.loss(
    Term(
        formula="mean(sum(softmax_cross_entropy[?, batch], axis=1))",
        shape=(None, None),
        axes=("?", "batch"),
        batch_axis=1,
    )
)
def time_major_of_unknown_length(features: Any, labels: Any) -> Any:
    """Sums over the examples first, then averages over time."""
    length = tf1.placeholder_with_default(5, [])
    ids = tf.transpose(labels["words"][:, :length])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=ids, logits=tf.one_hot(ids, 3) @ kernel("words", [3, 3])
    )
    return tf.reduce_mean(tf.reduce_sum(losses, axis=1))


@CASES.loss(
    Term(
        formula="mean(squared_difference[5, batch, 2])",
        row=MEAN,
        shape=(5, None, 2),
        axes=("5", "batch", "2"),
        batch_axis=1,
    )
)
def dynamic_rnn(features: Any, labels: Any) -> Any:
    words = tf.transpose(tf.one_hot(features["words"], 7), [1, 0, 2])
    cell = tf1.nn.rnn_cell.BasicRNNCell(2)
    states, _ = tf1.nn.dynamic_rnn(cell, words, dtype=tf.float32, time_major=True)
    return tf.reduce_mean(tf.square(states - words[:, :, :2]))


@CASES.loss(
    Term(
        formula="mean(sum(square(rnn/TensorArrayV2Stack/TensorListStack)[?, ?, 2], axis=[1, 2]))",
        shape=(None, None, 2),
        axes=("?", "?", "2"),
        batch_axis=None,
    )
)
def dynamic_rnn_of_unknown_length(features: Any, labels: Any) -> Any:
    """Has a while loop, behind which time and the batch cannot be distinguished."""
    words = tf.one_hot(features["words"][:, : tf1.placeholder_with_default(5, [])], 7)
    cell = tf1.nn.rnn_cell.BasicRNNCell(2)
    states, _ = tf1.nn.dynamic_rnn(
        cell, tf.transpose(words, [1, 0, 2]), dtype=tf.float32, time_major=True
    )
    return tf.reduce_mean(tf.reduce_sum(tf.square(states), axis=[1, 2]))


@CASES.loss(
    Term(
        formula="sum(features['mask'] * softmax_cross_entropy[batch, 5]) / sum(features['mask'])",
        weights=("features['mask']",),
        **WORDS,
    )
)
def sequence_mask(features: Any, labels: Any) -> Any:
    mask = tf.identity(features["mask"])
    return tf.reduce_sum(word_losses(features, labels) * mask) / tf.reduce_sum(mask)


@CASES.loss(
    Term(
        formula="sum(sequence_mask(labels['class']) * softmax_cross_entropy[batch, 5]) / "
        "sum(sequence_mask(labels['class']))",
        weights=("sequence_mask(labels['class'])",),
        **WORDS,
    )
)
def masked_by_lengths(features: Any, labels: Any) -> Any:
    mask = tf.sequence_mask(labels["class"], 5, dtype=tf.float32)
    return tf.reduce_sum(word_losses(features, labels) * mask) / tf.reduce_sum(mask)


@CASES.loss(
    Term(formula=f"mean({SIGMOID})", row=MEAN, **COLUMN),
    Term(formula=f"mean({SIGMOID})", row=MEAN, **COLUMN),
)
def gan_discriminator(features: Any, labels: Any) -> Any:
    real, fake = logits(features, 1, "d"), logits(features, 1, "g")
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
    return tf.reduce_mean(cross_entropy(labels=tf.ones_like(real), logits=real)) + tf.reduce_mean(
        cross_entropy(labels=tf.zeros_like(fake), logits=fake)
    )


@CASES.model_fn(
    Term(formula=f"mean({SIGMOID})", row=MEAN, **COLUMN),
    Term(formula="mean(-matmul_1[batch, 1])", row=MEAN, **COLUMN),
)
def gan_with_two_optimizers(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """Adds up the losses of the two players."""
    real = logits(features, 1, "discriminator")
    fake = logits(features, 1, "generator")
    first = tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=labels["binary"], logits=real)
    )
    second = tf.reduce_mean(-fake)
    names = ("discriminator", "generator")
    # Each player has its own Adam: with a shared Adam, both updates would change the same powers of
    # beta, in no fixed order. The generator's gradient does not need the forward pass, so a control
    # dependency must put the forward pass first.
    with tf.control_dependencies([first, second]):
        train_op = tf.group(
            *(
                tf1.train.AdamOptimizer(0.01).minimize(loss, var_list=tf1.trainable_variables(name))
                for loss, name in zip((first, second), names, strict=True)
            ),
            tf1.train.get_global_step().assign_add(1),
        )
    return EstimatorSpec(mode, loss=first + second, train_op=train_op)


@CASES.loss(
    Term(formula="mean(mat_mul[batch, 1])", row=MEAN, **COLUMN),
    Term(formula="10 * mean(((sqrt(sum(Square, axis=1)) - 1) ** 2)[batch])", row=MEAN),
)
def gradient_penalty(features: Any, labels: Any) -> Any:
    score = logits(features, 1, "critic")
    (gradient,) = tf.gradients(score, features["x"])
    norms = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=1))
    return tf.reduce_mean(score) + 10.0 * tf.reduce_mean((norms - 1.0) ** 2)


@CASES.loss(
    Term(
        formula="mean(max((sum(squared_difference, axis=1) - sum(squared_difference_2, axis=1)) + "
        "0.2, 0)[batch])",
        row=MEAN,
    )
)
def triplet(features: Any, labels: Any) -> Any:
    anchor, positive, negative = (logits(features, 3, n) for n in ("a", "p", "n"))
    near = tf.reduce_sum(tf.square(anchor - positive), axis=1)
    far = tf.reduce_sum(tf.square(anchor - negative), axis=1)
    return tf.reduce_mean(tf.maximum(near - far + 0.2, 0.0))


@CASES.loss(
    Term(
        formula="mean(squared_difference[batch, batch])",
        row=MEAN,
        shape=(None, None),
        axes=("batch", "batch"),
        batch_axis=0,
    )
)
def pairs(features: Any, labels: Any) -> Any:
    embedded = logits(features)
    similar = tf.matmul(embedded, embedded, transpose_b=True)
    wanted = tf.cast(
        tf.equal(labels["class"][:, tf.newaxis], labels["class"][tf.newaxis, :]), tf.float32
    )
    return tf.reduce_mean(tf.square(similar - wanted))


@CASES.loss(
    Term(formula="mean((-((1 - SelectV2) ** 2) * log(SelectV2))[batch, 1])", row=MEAN, **COLUMN)
)
def focal(features: Any, labels: Any) -> Any:
    given = logits(features, 1)
    probability = tf.sigmoid(given)
    right = tf.where(labels["binary"] > 0, probability, 1 - probability)
    losses = -((1 - right) ** 2.0) * tf.math.log(right)
    return tf.reduce_mean(losses)


@CASES.loss(Term(formula="mean(ctc_loss[batch])", row=MEAN))
def ctc(features: Any, labels: Any) -> Any:
    words = tf.transpose(tf.one_hot(features["words"], 7), [1, 0, 2])
    frames = tf.einsum("tbd,dc->tbc", words, kernel("words", [7, 4]))
    targets = tf.cast(tf.sparse.from_dense(labels["class"][:, tf.newaxis] + 1), tf.int32)
    lengths = tf.fill([tf.shape(labels["y"])[0]], 5)
    return tf.reduce_mean(tf1.nn.ctc_loss(targets, frames, lengths))


@CASES.loss(Term(formula="mean(sampled_softmax[batch])", row=MEAN))
def sampled_softmax(features: Any, labels: Any) -> Any:
    losses = tf.nn.sampled_softmax_loss(
        kernel("weights", [9, 3]),
        tf.zeros([9]),
        tf.cast(labels["class"], tf.int64)[:, tf.newaxis],
        features["x"],
        num_sampled=4,
        num_classes=9,
        seed=1,
    )
    return tf.reduce_mean(losses)


@CASES.loss(Term(formula="mean(nce[batch])", row=MEAN))
def nce(features: Any, labels: Any) -> Any:
    losses = tf.nn.nce_loss(
        kernel("weights", [9, 3]),
        tf.zeros([9]),
        tf.cast(labels["class"], tf.int64)[:, tf.newaxis],
        features["x"],
        num_sampled=4,
        num_classes=9,
    )
    return tf.reduce_mean(losses)


@CASES.loss(
    Term(
        formula="mean(-(sum(matmul * one_hot_1, axis=[1, 2]) - logsumexp)[batch])",
        row=MEAN,
    )
)
def crf(features: Any, labels: Any) -> Any:
    """Subtracts the scores of all tag sequences from the score of the labels, as a CRF does."""
    unary = tf.one_hot(features["words"], 7) @ kernel("unary", [7, 3])
    transitions = kernel("transitions", [3, 3])
    tags = tf.one_hot(labels["words"], 3)
    score = tf.reduce_sum(unary * tags, axis=[1, 2])
    total = unary[:, 0]
    for step in range(1, 5):
        moves = total[:, :, tf.newaxis] + transitions[tf.newaxis]
        total = tf.reduce_logsumexp(moves, axis=1) + unary[:, step]
    return tf.reduce_mean(-(score - tf.reduce_logsumexp(total, axis=1)))


@CASES.loss(Term(formula=f"sum({SQUARES}) / 32", row=None))
def compute_average_loss(features: Any, labels: Any) -> Any:
    return tf.nn.compute_average_loss(squares(features, labels), global_batch_size=32)


@CASES.loss(Term(formula=f"sum({W} * {SQUARES}) / 32", row=None, weights=(W,)))
def compute_average_loss_weighted(features: Any, labels: Any) -> Any:
    return tf.nn.compute_average_loss(
        squares(features, labels), sample_weight=features["w"], global_batch_size=32
    )


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), fixed("0.5 * l2(kernel)"))
def reference_variables(features: Any, labels: Any) -> Any:
    with tf1.variable_scope("", use_resource=False):
        loss = mean_squares(features, labels)
    (variable,) = tf1.trainable_variables()
    return loss + 0.5 * tf.nn.l2_loss(variable)


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), fixed("0.5 * l2(kernel)"))
def resource_variables(features: Any, labels: Any) -> Any:
    with tf1.variable_scope("", use_resource=True):
        loss = mean_squares(features, labels)
    (variable,) = tf1.trainable_variables()
    return loss + 0.5 * tf.nn.l2_loss(variable)


@CASES.loss(Term(formula="mean(square(matmul)[batch])", row=MEAN), fixed("0.001 * l1(kernel)"))
def unused_labels(features: Any, labels: Any) -> Any:
    """Is an autoencoder, whose loss needs features only."""
    loss = tf.reduce_mean(tf.square(predicted(features)))
    return loss + 1e-3 * tf.reduce_sum(tf.abs(tf1.trainable_variables()[0]))


@CASES.loss(opaque("Sqrt(Sqrt)"))
def root_of_a_mean(features: Any, labels: Any) -> Any:
    return tf.sqrt(mean_squares(features, labels))


@CASES.loss(opaque("Mul(mul)"))
def product_of_losses(features: Any, labels: Any) -> Any:
    return mean_squares(features, labels) * mean_classes(features, labels)


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), opaque("0.1 * Max(Max)"))
def worst_example_added(features: Any, labels: Any) -> Any:
    losses = squares(features, labels)
    return tf.reduce_mean(losses) + 0.1 * tf.reduce_max(losses)


@CASES.loss(Term(formula=f"mean({SQUARES})", row=MEAN), fixed("0 * 3", "constant", trained=False))
def constant_added(features: Any, labels: Any) -> Any:
    return mean_squares(features, labels) + 0.0 * tf.constant(3.0)


@CASES.loss(Term(formula=f"min(1, (global_step / 100) + 0.1) * mean({SQUARES})", row=MEAN))
def scheduled(features: Any, labels: Any) -> Any:
    step = tf.cast(tf1.train.get_global_step(), tf.float32)
    return tf.minimum(1.0, step / 100.0 + 0.1) * mean_squares(features, labels)


@CASES.model_fn(Term(formula=f"mean({SQUARES})", row=MEAN))
def for_tpus(features: Any, labels: Any, mode: str, params: Any) -> Any:
    loss = mean_squares(features, labels)
    optimizer = tpu.CrossShardOptimizer(tf1.train.GradientDescentOptimizer(0.01))
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op)


class _Head:
    """A head, as canned estimators have it: an object that creates the spec."""

    def loss(self, labels: Any, given: Any, weights: Any) -> tuple[Any, Any]:
        unweighted = tf1.losses.sigmoid_cross_entropy(
            labels, given, reduction=tf1.losses.Reduction.NONE
        )
        return tf1.losses.compute_weighted_loss(
            unweighted, weights, reduction=tf1.losses.Reduction.SUM
        ), unweighted

    def create_estimator_spec(
        self, features: Any, mode: str, given: Any, labels: Any, regularization: Any
    ) -> Any:
        weights = tf.expand_dims(features["w"], -1)
        loss, _ = self.loss(labels["binary"], given, weights)
        loss += tf.add_n(regularization)
        return EstimatorSpec(mode, loss=loss, train_op=trained(loss))


@CASES.model_fn(
    Term(formula=f"sum({W} * {SIGMOID})", row="SUM", weights=(W,), **COLUMN),
    fixed("l2(head)"),
)
def headed(features: Any, labels: Any, mode: str, params: Any) -> Any:
    given = logits(features, 1, "head")
    penalty = tf.nn.l2_loss(tf1.trainable_variables()[0])
    return _Head().create_estimator_spec(features, mode, given, labels, [penalty])
