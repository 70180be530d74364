"""All probes together, on losses whose examples depend on each other and on ones that do not."""

from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import (
    LossFn,
    claim,
    cross_entropies,
    examined,
    outputs,
    squares,
)


def pairs(features: Any, labels: Any) -> Any:
    score, label = outputs(features)[:, 0], labels["y"]
    difference = (score[:, None] - score[None, :]) - (label[:, None] - label[None, :])
    return tf.reduce_mean(tf.square(difference))


def pairwise_hinge(features: Any, labels: Any) -> Any:
    score = outputs(features)[:, 0]
    return tf.reduce_sum(tf.nn.relu(1 - (score[:, None] - score[None, :])))


def in_batch_softmax(features: Any, labels: Any) -> Any:
    scores = tf.matmul(outputs(features), labels["m"], transpose_b=True)
    positions = tf.range(tf.shape(scores)[0])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=positions, logits=scores)
    return tf.reduce_mean(losses)


def softmax_weights(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(tf.nn.softmax(features["w"]) * squares(features, labels))


def batch_variance(features: Any, labels: Any) -> Any:
    del labels
    predicted = outputs(features)[:, 0]
    return tf.reduce_mean(tf.square(predicted - tf.reduce_mean(predicted)))


def distance_to_the_mean(features: Any, labels: Any) -> Any:
    predicted = outputs(features)
    return tf.reduce_mean(tf.abs(predicted - tf.reduce_mean(predicted, 0, keepdims=True)))


def standardized(features: Any, labels: Any) -> Any:
    errors = outputs(features)[:, 0] - labels["y"]
    mean, variance = tf.nn.moments(errors, [0])
    return tf.reduce_sum(tf.square(errors - mean) / (variance + 1e-3))


def load_balance(features: Any, labels: Any) -> Any:
    del labels
    gates = tf.nn.softmax(outputs(features))
    chosen = tf.one_hot(tf.argmax(gates, 1), 3)
    return 3 * tf.reduce_sum(tf.reduce_mean(gates, 0) * tf.reduce_mean(chosen, 0))


def class_means(features: Any, labels: Any) -> Any:
    losses = cross_entropies(features, labels)
    return tf.reduce_mean(tf.math.unsorted_segment_mean(losses, labels["class"], 3))


def roots_of_tasks(features: Any, labels: Any) -> Any:
    errors = tf.square(outputs(features) - labels["m"])
    return tf.reduce_sum(tf.sqrt(tf.reduce_mean(errors, 0)))


def hardest_half(features: Any, labels: Any) -> Any:
    losses = squares(features, labels)
    hardest, _ = tf.nn.top_k(losses, tf.shape(losses)[0] // 2)
    return tf.reduce_mean(hardest)


COUPLED = (
    pairs,
    pairwise_hinge,
    in_batch_softmax,
    softmax_weights,
    batch_variance,
    distance_to_the_mean,
    standardized,
    load_balance,
    class_means,
    roots_of_tasks,
    hardest_half,
)


@pytest.mark.parametrize("loss_fn", COUPLED, ids=lambda fn: fn.__name__)
def test_a_loss_whose_examples_depend_on_each_other(loss_fn: LossFn) -> None:
    terms = examined(loss_fn).terms
    judged = [each for term in terms for each in term.claims]
    refuted = {each.probe for each in judged if each.status is Status.REFUTED}
    are_opaque = any(term.stopped_by for term in terms)
    assert are_opaque or refuted & {"leaving out", "sum"}, judged
    assert "keras" not in {each.probe for each in judged} or "leaving out" not in refuted


def mean(features: Any, labels: Any) -> Any:
    return tf.reduce_mean(squares(features, labels))


def weighted(features: Any, labels: Any) -> Any:
    losses = squares(features, labels)
    return tf.reduce_sum(losses * features["w"]) / tf.reduce_sum(features["w"])


def sum_of_tasks(features: Any, labels: Any) -> Any:
    return tf.reduce_sum(tf.reduce_mean(tf.square(outputs(features) - labels["m"]), 0))


@pytest.mark.parametrize("loss_fn", [mean, weighted, sum_of_tasks], ids=lambda fn: fn.__name__)
def test_a_loss_of_independent_examples(loss_fn: LossFn) -> None:
    (term,) = examined(loss_fn).terms
    for probe in ("permutation", "leaving out", "sum", "short batch", "replicas"):
        assert claim(term, probe).status is Status.SHOWN, probe


def by_users(features: Any, labels: Any) -> Any:
    """Three users in seven examples: no row of the table divides by three."""
    users = tf.shape(tf.unique(features["user"])[0])[0]
    return tf.reduce_sum(squares(features, labels)) / tf.cast(users, tf.float32)


def test_a_divisor_that_counts_something_else() -> None:
    (term,) = examined(by_users).terms
    assert term.reduction is None
    assert "mean(" not in term.formula
    # 1, 1, 2, 2, 3 and 2, 3, 3 have three and two users
    assert claim(term, "sum").status is Status.REFUTED
    assert "equal divisors" not in claim(term, "replicas").text


def test_a_factor_that_is_negative_in_a_batch_is_no_weight() -> None:
    """Outputs of both signs, as advantages are: nothing weights the losses."""

    def loss_fn(features: Any, labels: Any) -> Any:
        advantages = tf.identity(labels["y"], name="advantages")
        return tf.reduce_mean(cross_entropies(features, labels) * advantages)

    (term,) = examined(loss_fn).terms
    assert term.weightings == ()
    assert claim(term, "row").status is Status.SHOWN


def test_a_batch_of_one_example_shows_nothing() -> None:
    (term,) = examined(mean, 1).terms
    claims = [each for each in term.claims if each.probe not in ("row", "keras")]
    assert claims
    assert {each.status for each in claims} == {Status.NOT_KNOWN}
    assert {each.reason for each in claims} == {"the batch has one example"}
