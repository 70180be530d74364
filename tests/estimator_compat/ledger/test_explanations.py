"""The ledger in words: each warning, each sentence, and that what they say is so."""

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger import cautions, explanations, reader
from estimator_compat.ledger.values import LossLedger
from tests.estimator_compat.ledger import (
    ledger_cases,
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import (
    Case,
    Reduction,
    cross_entropies,
    logits,
    of,
    predicted,
    read,
    squares,
    values,
)

tf1 = tf.compat.v1
CASES = {
    str(case): case
    for cases in (ledger_cases_losses, ledger_cases_models, ledger_cases_reductions)
    for case in cases.CASES
}
W, SQUARES = "features['w']", "squared_difference[batch]"


def ledger_of(loss_fn: Callable[[Any, Any], Any], mode: str = "train") -> LossLedger:
    return read(Case(model_fn=of(loss_fn), terms=()), mode)[0]


def cautions_of(name: str) -> tuple[cautions.Caution, ...]:
    return cautions.warnings(ledger_cases.ledger_of(CASES[name]))


def source(caution: cautions.Caution) -> list[str]:
    return [linecache.getline(line.file, line.number).strip() for line in caution.lines]


# Warnings.


@pytest.mark.parametrize(
    "name",
    [
        "mean_squared_error",
        "default_weighted",
        "mean_weighted",
        "over_batch_size_weighted",  # asked for by name
        "get_total_loss",
        "multi_task",
        "mask_and_epsilon",
        "dynamic_batch_size",
        "reduce_sum",
        "learned_log_variances",
        "gan_discriminator",
        "straight_through",
        "batch_of_one",
        "time_major",
        "headed",
    ],
)
def test_nothing_is_wrong_with(name: str) -> None:
    assert cautions_of(name) == ()


def test_a_sum_beside_a_mean() -> None:
    (caution,) = cautions_of("sum_and_mean")
    assert caution.code == "sum-and-mean"
    assert caution.text == (
        f"sum({SQUARES}) is a sum over the batch and mean(softmax_cross_entropy[batch]) a mean: "
        "with twice the batch size the first doubles and the second does not. Reduce both the "
        "same way, or divide the sum by the batch size."
    )
    assert source(caution) == [
        "return tf.reduce_sum(squares(features, labels)) + mean_classes(features, labels)",
        "return tf.reduce_mean(cross_entropies(features, labels))",
    ]


def test_a_scalar_reduced_twice() -> None:
    (caution,) = cautions_of("reduced_twice")
    assert caution.code == "reduced-twice"
    assert caution.text == (
        f"mean(mean({SQUARES})) reduces a scalar once more, which changes nothing: the first "
        "reduction decides. Leave the outer one out, or ask tf.losses for reduction=NONE."
    )
    call = 'return tf.reduce_mean(tf1.losses.mean_squared_error(labels["y"], predicted(features)))'
    assert source(caution) == [call]


def test_a_column_against_a_vector() -> None:
    (caution,) = cautions_of("broadcast")
    assert caution.code == "broadcast"
    assert caution.text == (
        "On the way to squared_difference, sub: (None,) meets (None, 1): every example is compared "
        "with every other, which gives [batch, batch] losses. tf.losses refuses this; squeeze the "
        "last axis of one of the two."
    )
    assert source(caution) == [
        'return tf.reduce_mean(tf.square(labels["y"] - logits(features, 1)))'
    ]


@pytest.mark.parametrize("name", ["weights_with_reduce_mean", "none_weighted_then_mean"])
def test_weights_with_reduce_mean(name: str) -> None:
    (caution,) = cautions_of(name)
    assert caution.code == "weights-with-mean"
    assert caution.text == (
        f"mean({W} * {SQUARES}) weights the losses by {W} and divides by their number, not by the "
        "weights: examples of weight 0 still pull the loss down. sum(w*l) / sum(w) is "
        "Reduction.MEAN; tf.losses divides by the number of weights that are not 0."
    )
    assert source(caution)[0].startswith("return tf.reduce_mean(")


def test_a_vector() -> None:
    with tf.Graph().as_default():
        features = {"x": tf1.placeholder(tf.float32, [None, 3])}
        labels = {"y": tf1.placeholder(tf.float32, [None])}
        found = cautions.warnings(reader.ledger(squares(features, labels), features, labels))
    (caution,) = found
    assert caution.code == "vector-loss"
    assert caution.text == (
        f"The loss is a vector, {SQUARES}: the Estimator refuses it with 'Loss must be scalar'. "
        "These are the unreduced losses; reduce them, for example with tf.reduce_mean, and give "
        "the vector to loss_summaries."
    )
    assert source(caution) == ['return tf.square(labels["y"] - predicted(features))']


def test_a_loss_of_no_feature() -> None:
    def loss(features: Any, labels: Any) -> Any:
        predicted(features)
        return tf.nn.l2_loss(tf1.trainable_variables()[0])

    (caution,) = cautions.warnings(ledger_of(loss))
    assert caution.code == "no-feature"
    assert caution.text == (
        "The loss depends on no feature or label: it is l2(kernel). Expected the losses of the "
        "batch's examples; check that the model uses its inputs."
    )


def test_a_loss_without_a_gradient() -> None:
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, [None])
        kernel = tf1.get_variable("kernel", initializer=1.0)
        loss = tf.reduce_mean(tf.stop_gradient(x * kernel))
        found = cautions.warnings(reader.ledger(loss, x))
    (caution,) = found
    assert caution.code == "no-gradient"
    assert caution.text == (
        "No gradient flows from the loss to a trainable variable, so that training changes "
        "nothing; check for a stop_gradient, an argmax or a cast to an integer."
    )


def test_a_constant_has_neither() -> None:
    with tf.Graph().as_default():
        found = cautions.warnings(reader.ledger(tf.constant(float("nan"))))
    assert [caution.code for caution in found] == ["no-feature", "no-gradient"]
    assert "it is nan." in found[0].text


def test_what_is_not_understood() -> None:
    (caution,) = cautions_of("root_of_a_mean")
    assert caution.code == "opaque"
    assert caution.text == (
        "A part of the loss is known as one number only. The walk stopped at Sqrt of type Sqrt: it "
        "is not linear in the losses behind it. It has no per-example losses; call loss_summaries "
        "in the model_fn if there are some."
    )
    assert source(caution) == ["return tf.sqrt(mean_squares(features, labels))"]


def test_a_product_of_losses_says_why() -> None:
    (caution,) = cautions_of("product_of_losses")
    assert (
        "both of its inputs depend on the model, so that neither is a weight of the other"
        in caution.text
    )


# TRAIN and EVAL.


def test_another_reduction_in_eval() -> None:
    train = ledger_of(lambda f, y: tf.reduce_sum(squares(f, y)))
    evaluation = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)), "eval")
    (caution,) = cautions.differences(train, evaluation)
    assert caution.code == "train-eval"
    assert caution.text == (
        f"`loss` is not the same in TRAIN and EVAL. TRAIN has sum({SQUARES}), EVAL has "
        f"mean({SQUARES}) in its place. The two curves cannot be compared; use one reduction in "
        "both, or compare `average_loss`."
    )
    assert [text.partition(" = ")[0] for text in source(caution)] == ["train", "evaluation"]


def test_regularization_in_training_only() -> None:
    def loss(features: Any, labels: Any) -> Any:
        data = tf.reduce_mean(squares(features, labels))
        return data + 0.1 * tf.nn.l2_loss(tf1.trainable_variables()[0])

    train = ledger_of(loss)
    evaluation = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)), "eval")
    (caution,) = cautions.differences(train, evaluation)
    assert "TRAIN has 0.1 * l2(kernel), EVAL has nothing in its place" in caution.text


def test_a_term_that_is_there_twice_is_not_there_once() -> None:
    def twice(features: Any, labels: Any) -> Any:
        loss = tf.reduce_mean(squares(features, labels))
        return loss + loss

    once = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)))
    (caution,) = cautions.differences(ledger_of(twice), once)
    assert f"TRAIN has mean({SQUARES}), EVAL has nothing" in caution.text


def test_names_of_ops_are_no_difference() -> None:
    def named(features: Any, labels: Any) -> Any:
        tf.nn.softplus(predicted(features))  # takes a name
        return tf.reduce_mean(tf.exp(cross_entropies(features, labels) * logits(features)[:, 0]))

    def again(features: Any, labels: Any) -> Any:
        logits(features)
        return tf.reduce_mean(tf.exp(cross_entropies(features, labels) * logits(features)[:, 0]))

    assert cautions.differences(ledger_of(named), ledger_of(again, "eval")) == ()


@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_a_model_fn_of_one_loss_has_no_difference(case: Case) -> None:
    assert (
        cautions.differences(*(ledger_cases.ledger_of(case, mode) for mode in ("train", "eval")))
        == ()
    )


# How a term behaves, in words.

MEAN_OF_BATCHES = (
    "A short last batch is averaged over its own examples, and counts as much as a full one in "
    "evaluate()'s `loss`: the mean of batch means is not the dataset's mean. `average_loss` is."
)
EQUAL_EXAMPLES = (
    "On N replicas the Estimator averaged the replicas' losses: the same as one replica on the "
    "whole batch only where all replicas have equally many examples."
)
EQUAL_DIVISORS = EQUAL_EXAMPLES.replace("equally many examples", "equal divisors")
KERAS_MEAN = "In Keras 3 it is reduction='sum_over_batch_size'"
KERAS_LAST_AXIS = (
    ". Keras first takes the mean over the last axis, which gives the same where nothing is "
    "weighted within it."
)
NOTHING_BELOW = "An example of weight 0 counts neither above nor below"
EXPLAINED = {
    "reduce_mean": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}."),
    "mean_squared_error": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}."),
    "mean_unweighted": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}."),
    "dynamic_batch_size": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}."),
    "mean_over_all_axes": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}{KERAS_LAST_AXIS}"),
    "broadcast": (MEAN_OF_BATCHES, EQUAL_EXAMPLES, f"{KERAS_MEAN}{KERAS_LAST_AXIS}"),
    "weights_with_reduce_mean": (
        MEAN_OF_BATCHES,
        "An example of weight 0 adds nothing to the sum but still counts in the divisor, so that "
        "padding makes the loss smaller.",
        EQUAL_EXAMPLES,
        f"{KERAS_MEAN}.",
    ),
    "mean_weighted": (
        "A short last batch is divided by its own weights, and counts as much as a full one in "
        "evaluate()'s `loss`: the mean of batch means is not the dataset's mean where batches "
        "differ in weight. `average_loss` is.",
        f"{NOTHING_BELOW}. All 0 gives 0.",
        EQUAL_DIVISORS,
        "In Keras 3 it is reduction='mean_with_sample_weight'; Keras 2 has no equal; Keras 3's "
        "'mean' is another: it divides by the number of elements.",
    ),
    "mask_unguarded": (
        "A short last batch is divided by its own weights, and counts as much as a full one in "
        "evaluate()'s `loss`: the mean of batch means is not the dataset's mean where batches "
        "differ in weight. `average_loss` is.",
        f"{NOTHING_BELOW}. All 0 gives NaN.",
        EQUAL_DIVISORS,
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        "sum(features['mask'] * softmax_cross_entropy[batch, 5]) / sum(features['mask']) by hand.",
    ),
    "default_weighted": (
        MEAN_OF_BATCHES,
        f"{NOTHING_BELOW}; other weights scale the loss, since they are counted and not added up. "
        "All 0 gives 0.",
        EQUAL_DIVISORS,
        "Keras has no SUM_BY_NONZERO_WEIGHTS (sum(w*l) / count(w != 0)): its nearest, "
        "'sum_over_batch_size', divides by the number of elements, those of weight 0 included, and "
        "gives a smaller loss.",
    ),
    "sum_weighted": (
        "A short last batch has a smaller loss, since it sums fewer examples; evaluate()'s `loss` "
        "is the mean of these sums over batches, not over examples.",
        "An example of weight 0 adds nothing.",
        "On N replicas each sums its own examples: the Estimator's average of the replicas is 1/N "
        "of the whole sum. To keep the sum, add the replicas up.",
        "In Keras 3 it is reduction='sum'.",
    ),
    "constant_divisor": (
        "A short last batch is still divided by 32, as if it were full: its loss is smaller by the "
        "examples that it lacks.",
        "On N replicas each divides its own examples by 32: adding the replicas up gives the loss "
        "of the whole batch if 32 is the global batch size.",
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        f"sum({SQUARES}) / 32 by hand.",
    ),
    "static_batch_size": (
        "The graph knows the size of a batch (4), so that no batch is short.",
        "On N replicas each divides its own examples by 4: adding the replicas up gives the loss "
        "of the whole batch if 4 is the global batch size.",
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        f"sum({SQUARES}) / 4 by hand.",
    ),
    "number_of_positives": (
        "A short last batch is divided by its own max(sum(labels['y'] > 0), 1); evaluate()'s "
        "`loss` is the mean over batches, in which it counts as much as a full one.",
        EQUAL_DIVISORS,
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        f"sum({SQUARES}) / max(sum(labels['y'] > 0), 1) by hand.",
    ),
    "mean_by_mean": (
        "A short last batch is divided by its own mean(features['mask']); evaluate()'s `loss` is "
        "the mean over batches, in which it counts as much as a full one.",
        "An example of weight 0 adds nothing to the sum; the divisor is mean(features['mask']).",
        EQUAL_DIVISORS,
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        "mean(features['mask'] * softmax_cross_entropy[batch, 5]) / mean(features['mask']) by "
        "hand.",
    ),
    "divided_twice": (
        "A short last batch is divided by its own 5 and by shape(labels['y'])[0]; evaluate()'s "
        "`loss` is the mean over batches, in which it counts as much as a full one.",
        EQUAL_DIVISORS,
        "Keras has no reduction with this divisor: take reduction=None (or 'none'), and compute "
        "sum(softmax_cross_entropy[batch, 5]) / 5 / shape(labels['y'])[0] by hand.",
    ),
    "unknown_rank": (
        "Its losses have no axis that is known to be the batch.",
        EQUAL_EXAMPLES,
        f"{KERAS_MEAN}.",
    ),
}


@pytest.mark.parametrize(("name", "sentences"), EXPLAINED.items(), ids=EXPLAINED)
def test_explanations(name: str, sentences: tuple[str, ...]) -> None:
    (term,) = ledger_cases.ledger_of(CASES[name]).terms
    assert explanations.explain(term) == sentences


def test_a_sum_over_the_batch_with_a_mean_over_time_is_a_sum() -> None:
    (term,) = ledger_cases.ledger_of(CASES["sum_over_the_batch_first"]).terms
    assert explanations.explain(term)[0].startswith("A short last batch has a smaller loss")


@pytest.mark.parametrize("name", ["root_of_a_mean", "l2_of_a_difference"])
def test_what_has_no_examples_is_not_explained(name: str) -> None:
    assert explanations.explain(ledger_cases.ledger_of(CASES[name]).terms[-1]) == ()


# That it is so.

LOSSES, WEIGHTS = np.float32([1, 4, 0, 4]), np.float32([1, 0, 2, 0.5])


def reduced(losses: Any, weights: Any, reduction: str) -> float:
    """What tf.losses makes of losses and weights."""
    with tf.Graph().as_default(), tf1.Session() as session:
        loss = tf1.losses.compute_weighted_loss(losses, weights, reduction=reduction)
        return float(session.run(loss))


def batch_losses(name: str) -> tuple[list[float], list[np.ndarray]]:
    """The loss of each batch, and its unreduced losses."""
    ledger, built = read(CASES[name])
    batches = values(ledger, built)
    losses = [batch[ledger.terms[0].tensors[0]] for batch in batches]
    return [float(batch[ledger.loss]) for batch in batches], losses


def test_the_mean_of_batch_means_is_not_the_datasets() -> None:
    means, losses = batch_losses("reduce_mean")
    assert [len(one) for one in losses] == [4, 2]
    np.testing.assert_allclose(means, [one.mean() for one in losses], rtol=1e-6)
    assert abs(np.mean(means) - np.concatenate(losses).mean()) > 0.01


def test_a_short_batchs_sum_is_of_fewer_examples() -> None:
    sums, losses = batch_losses("reduce_sum")
    np.testing.assert_allclose(sums, [one.sum() for one in losses], rtol=1e-6)


def test_a_constant_divides_short_batches_too() -> None:
    found, losses = batch_losses("constant_divisor")
    np.testing.assert_allclose(found, [one.sum() / 32 for one in losses], rtol=1e-6)


def test_weights_of_zero() -> None:
    """[1, 4, 0, 4] under [1, 0, 2, .5] is 3 in sum, and 1 more example of weight 0 is added."""
    more, weights = np.append(LOSSES, np.float32(7)), np.append(WEIGHTS, np.float32(0))
    for reduction, before, after in [
        (Reduction.SUM, 3.0, 3.0),
        (Reduction.MEAN, 3 / 3.5, 3 / 3.5),
        (Reduction.SUM_BY_NONZERO_WEIGHTS, 3 / 3, 3 / 3),
        (Reduction.SUM_OVER_BATCH_SIZE, 3 / 4, 3 / 5),  # smaller
    ]:
        assert reduced(LOSSES, WEIGHTS, reduction) == pytest.approx(before)
        assert reduced(more, weights, reduction) == pytest.approx(after)


def test_all_weights_of_zero_give_zero_where_it_is_said() -> None:
    for reduction in (Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS):
        assert reduced(LOSSES, np.zeros(4, "f"), reduction) == 0
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.float32(0) / np.float32(0))  # mask_unguarded


def test_weights_are_counted_and_not_added_up() -> None:
    for reduction, factor in ((Reduction.SUM_BY_NONZERO_WEIGHTS, 2), (Reduction.MEAN, 1)):
        once = reduced(LOSSES, WEIGHTS, reduction)
        assert reduced(LOSSES, 2 * WEIGHTS, reduction) == pytest.approx(factor * once)


def test_replicas() -> None:
    def average(reduce: Callable[[np.ndarray], Any], *cuts: int) -> float:
        return float(np.mean([reduce(part) for part in np.split(LOSSES, cuts)]))

    # equally many examples: the same; 3 and 1: (5/3 + 4) / 2
    assert average(np.mean, 2) == LOSSES.mean() == 2.25
    assert average(np.mean, 3) == pytest.approx((5 / 3 + 4) / 2)
    # sums: 1/N of the whole, and whole when added up
    assert average(np.sum, 2) == LOSSES.sum() / 2
    # a constant divisor: the whole batch's loss when added up
    assert 2 * average(lambda part: part.sum() / 4, 2) == LOSSES.mean()


# Squared errors of these are LOSSES.
TRUE, GIVEN = np.zeros([4, 1], np.float32), np.sqrt(LOSSES)[:, np.newaxis]


@pytest.mark.parametrize("module", ["keras", "tf_keras"])
@pytest.mark.parametrize(
    "reduction", ["SUM", "SUM_OVER_BATCH_SIZE", "MEAN", "SUM_BY_NONZERO_WEIGHTS"]
)
def test_the_nearest_reduction_of_keras(module: str, reduction: str) -> None:
    keras = pytest.importorskip(module)
    row = explanations.reductions.find(reduction)
    equal = row.keras3 if module == "keras" else row.keras2
    nearest = keras.losses.MeanSquaredError(reduction=equal or "sum_over_batch_size")
    found = float(nearest(TRUE, GIVEN, sample_weight=WEIGHTS))
    ours = reduced(LOSSES, WEIGHTS, getattr(Reduction, reduction))
    if equal:
        assert found == pytest.approx(ours)
    else:
        assert found < ours


def test_keras_takes_the_mean_over_the_last_axis_first() -> None:
    keras = pytest.importorskip("keras")
    true, given = np.zeros([2, 3], np.float32), np.float32([[1, 2, 0], [3, 0, 1]])
    squared, weights = given**2, np.float32([1, 0.5])

    def of_keras(reduction: str, weights: Any = None) -> float:
        loss = keras.losses.MeanSquaredError(reduction=reduction)
        return float(loss(true, given, sample_weight=weights))

    assert of_keras("sum_over_batch_size") == pytest.approx(
        reduced(squared, 1.0, Reduction.SUM_OVER_BATCH_SIZE)
    )
    assert of_keras("mean_with_sample_weight", weights) == pytest.approx(
        reduced(squared, weights[:, np.newaxis], Reduction.MEAN)
    )
    assert 3 * of_keras("sum") == pytest.approx(reduced(squared, 1.0, Reduction.SUM))
