"""The ledger in words: each sentence, and a proof that the sentence is true."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger import explanations
from estimator_compat.losses import reductions
from migrate import measured_ledger
from tests.estimator_compat.ledger import (
    ledger_cases,
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import Reduction, read, values

tf1 = tf.compat.v1
CASES = {
    str(case): case
    for cases in (ledger_cases_losses, ledger_cases_models, ledger_cases_reductions)
    for case in cases.CASES
}
SQUARES = "squared_difference[batch]"

MEAN_OF_BATCHES = (
    "A short last batch is averaged over its own examples, and counts as much as a full one in "
    "evaluate()'s `loss`: the mean of batch means is not the dataset's mean. `average_loss` is."
)
OWN_WEIGHTS = (
    "A short last batch is divided by its own weights, and counts as much as a full one in "
    "evaluate()'s `loss`: the mean of batch means is not the dataset's mean where batches differ "
    "in weight. `average_loss` is."
)
SUMS = (
    "A short last batch sums fewer examples; evaluate()'s `loss` is the mean of these sums over "
    "batches, not over examples."
)
EQUAL_EXAMPLES = (
    "On N replicas the Estimator averaged the replicas' losses: the same as one replica on the "
    "whole batch only where all replicas have equally many examples."
)
EQUAL_DIVISORS = EQUAL_EXAMPLES.replace("equally many examples", "equal divisors")
KERAS_MEAN = "In Keras 3 it is reduction='sum_over_batch_size'."
KERAS_NONE = (
    "No reduction of Keras 3 gives this number: take reduction=None (or 'none'), and compute {} by "
    "hand."
)
KERAS_WEIGHTED = "In Keras 3 it is reduction='mean_with_sample_weight'; Keras 2 has no equal"
NAN = "; where all weights are 0, Keras gives 0 and this loss nan."
NOTHING_BELOW = "An example of weight 0 counts neither above nor below"
OWN_DIVISOR = (
    "A short last batch is divided by its own {}; evaluate()'s `loss` is the mean over batches, in "
    "which it counts as much as a full one."
)
A_MEAN = (MEAN_OF_BATCHES, EQUAL_EXAMPLES, KERAS_MEAN)
EXPLAINED = {
    "reduce_mean": A_MEAN,
    "mean_squared_error": A_MEAN,
    "mean_unweighted": A_MEAN,
    "dynamic_batch_size": A_MEAN,
    "mean_over_all_axes": A_MEAN,
    "unknown_rank": A_MEAN,
    "broadcast": (
        "Two axes move together with the examples: the losses are of pairs of examples.",
        "Without one example, the losses of the others are other numbers.",
        # In NumPy, from the 4 x 4 pairs of the batch, the 3 x 3 of three and the 1 of the last.
        "On replicas, neither the average nor the sum of the replicas' losses is the loss of the "
        "whole batch: with 3 and 1 examples they are 1.376 and 2.751, and of the whole batch it is "
        "1.407.",
    ),
    "weights_with_reduce_mean": (
        MEAN_OF_BATCHES,
        "An example of weight 0 adds nothing to the sum but still counts in the divisor, so that "
        "padding makes the loss smaller.",
        EQUAL_EXAMPLES,
        KERAS_MEAN,
    ),
    "mean_weighted": (
        OWN_WEIGHTS,
        f"{NOTHING_BELOW}. All 0 gives 0.",
        EQUAL_DIVISORS,
        f"{KERAS_WEIGHTED}.",
    ),
    "mask_unguarded": (
        OWN_WEIGHTS,
        f"{NOTHING_BELOW}. All 0 gives NaN.",
        EQUAL_DIVISORS,
        f"{KERAS_WEIGHTED}{NAN}",
    ),
    "default_weighted": (
        "A short last batch is divided by how many of its own weights are not 0, and counts as "
        "much as a full one in evaluate()'s `loss`: the mean over batches is not the dataset's "
        "mean. `average_loss` is.",
        f"{NOTHING_BELOW}; other weights scale the loss, since they are counted and not added up. "
        "All 0 gives 0.",
        EQUAL_DIVISORS,
        # The weights of the first batch are 1, 0, 2, 0.5: one of four is 0, and 1.998 * 3 / 4 is
        # 1.498.
        "Keras has no SUM_BY_NONZERO_WEIGHTS: its nearest, 'sum_over_batch_size', divides by the "
        "number of elements, those of weight 0 included, and gives 1.498 for 1.998 on the first "
        "batch: take reduction=None (or 'none'), and compute sum(features['w'] * "
        f"{SQUARES}) / count(features['w'] != 0) by hand.",
    ),
    "sum_weighted": (
        SUMS,
        "An example of weight 0 adds nothing.",
        "On N replicas the Estimator added up the replicas' losses, because the last tf.losses "
        "were reduced by SUM: that is the sum of the whole batch.",
        "In Keras 3 it is reduction='sum'.",
    ),
    "sum_over_the_batch_first": (
        SUMS,
        "On N replicas each sums its own examples: the Estimator's average of the replicas is 1/N "
        "of the whole sum. To keep the sum, add the replicas up.",
        KERAS_NONE.format("mean(sum(softmax_cross_entropy[batch, 5], axis=0))"),
    ),
    "constant_divisor": (
        "A short last batch is still divided by 32, as if it were full.",
        "On N replicas each divides its own examples by 32: adding the replicas up gives the loss "
        "of the whole batch if 32 is the global batch size.",
        "In Keras 3 it is reduction='sum', divided by 32.",
    ),
    "static_batch_size": (
        "The graph knows the size of a batch (4), so that no batch is short.",
        "In Keras 3 it is reduction='sum', divided by 4.",
        "Not known: what several replicas do; the graph knows the size of a batch (4).",
    ),
    "number_of_positives": (
        OWN_DIVISOR.format("max(sum(labels['y'] > 0), 1)"),
        EQUAL_DIVISORS,
        KERAS_NONE.format(f"sum({SQUARES}) / max(sum(labels['y'] > 0), 1)"),
    ),
    "mean_by_mean": (
        OWN_DIVISOR.format("mean(features['mask'])"),
        "An example of weight 0 adds nothing to the sum; the divisor is mean(features['mask']).",
        EQUAL_DIVISORS,
        f"{KERAS_WEIGHTED}{NAN}",
    ),
    "divided_twice": (
        OWN_DIVISOR.format("5 and by shape(labels['y'])[0]"),
        EQUAL_DIVISORS,
        KERAS_NONE.format("sum(softmax_cross_entropy[batch, 5]) / 5 / shape(labels['y'])[0]"),
    ),
}


@pytest.mark.parametrize(("name", "sentences"), EXPLAINED.items(), ids=EXPLAINED)
def test_explanations(name: str, sentences: tuple[str, ...]) -> None:
    (term,) = measured_ledger.examine(CASES[name].target, "train").terms
    assert explanations.explain(term) == sentences


def test_what_was_not_probed_is_not_explained() -> None:
    (term,) = ledger_cases.ledger_of(CASES["reduce_mean"]).terms
    assert explanations.explain(term) == ()


@pytest.mark.parametrize("name", ["root_of_a_mean", "l2_of_a_difference"])
def test_what_has_no_examples_is_not_explained(name: str) -> None:
    ledger = measured_ledger.examine(CASES[name].target, "train")
    assert explanations.explain(ledger.terms[-1]) == ()


# The sentences are true.

LOSSES, WEIGHTS = np.array([1, 4, 0, 4], np.float32), np.array([1, 0, 2, 0.5], np.float32)


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
    row = reductions.find(reduction)
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
    true, given = np.zeros([2, 3], np.float32), np.array([[1, 2, 0], [3, 0, 1]], np.float32)
    squared, weights = given**2, np.array([1, 0.5], np.float32)

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
