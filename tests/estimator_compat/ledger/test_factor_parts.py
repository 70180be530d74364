"""What a factor of losses is a part of: their weights, or the losses themselves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.factor_parts import FactorParts, declared, is_among, summed_by
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.steps import LossStep, Operation, Part
from tests.estimator_compat.ledger.small_losses import Model, model

tf1 = tf.compat.v1
NEGATION = (LossStep(operation=Operation.NEGATE),)
EITHER = Part.WEIGHTS_IF_NOT_NEGATIVE


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def log_probs(m: Model) -> Any:
    return tf.math.log_sigmoid(m.p)


def is_one(m: Model) -> Any:
    return tf.cast(tf.equal(m.y, 1.0), tf.float32)


def part(m: Model, losses: Any, factor: Any, **given: Any) -> Part | None:
    graph = m.graph(tf.reduce_sum(losses * factor))
    arguments: dict[str, Any] = {"is_declared": False, "after": (), **given}
    return FactorParts(graph).of_weights(losses, factor, **arguments)


# Losses and an undeclared factor, and what it is a part of.
UNDECLARED: dict[str, tuple[Callable[[Model], tuple[Any, Any]], Part | None]] = {
    "feature": (lambda m: (m.losses, m.w), EITHER),
    "root of a feature": (lambda m: (m.losses, m.w**0.5), EITHER),
    "mask": (lambda m: (m.losses, tf.cast(m.w > 0, tf.float32)), Part.WEIGHTS),
    "mask of labels": (lambda m: (m.losses, tf.cast(m.y > 0, tf.float32)), Part.WEIGHTS),
    "absolute": (lambda m: (m.losses, tf.abs(m.w)), Part.WEIGHTS),
    "labels": (lambda m: (m.losses, m.y), Part.LOSSES),
    "scaled labels": (lambda m: (m.losses, 2.0 * m.y), Part.LOSSES),
    "weights of labels": (lambda m: (m.losses, 1.0 + 2.0 * m.y), EITHER),
    "one minus a feature": (lambda m: (m.losses, 1.0 - m.w), EITHER),
    "one minus labels": (lambda m: (m.losses, 1.0 - m.y), Part.LOSSES),
    "difference": (lambda m: (m.losses, m.w - 1.0), Part.LOSSES),
    "negation": (lambda m: (m.losses, -m.w), Part.LOSSES),
    "feature of a negated loss": (lambda m: (-m.losses, m.w), Part.LOSSES),
    "feature of likelihoods": (lambda m: (log_probs(m), m.w), Part.LOSSES),
    "mask of likelihoods": (lambda m: (log_probs(m), tf.cast(m.w > 0, tf.float32)), Part.WEIGHTS),
    # The labels of a cross-entropy are not separated from it.
    "labels of logarithms": (lambda m: (tf.math.log(tf.sigmoid(m.p)), m.y), None),
    "class of likelihoods": (lambda m: (log_probs(m), is_one(m)), None),
    "other classes of likelihoods": (lambda m: (log_probs(m), 1 - is_one(m)), None),
    "probabilities of likelihoods": (lambda m: (log_probs(m), tf.sigmoid(m.w)), None),
}


@pytest.mark.parametrize(("make", "expected"), UNDECLARED.values(), ids=UNDECLARED)
def test_undeclared_factors(make: Callable[[Model], Any], expected: Part | None) -> None:
    m = model()
    assert part(m, *make(m)) is expected


def test_a_declared_factor_is_weights() -> None:
    m = model()
    for losses, factor in ((m.losses, m.w - 1.0), (log_probs(m), m.w), (log_probs(m), is_one(m))):
        assert part(m, losses, factor, is_declared=True) is Part.WEIGHTS
    one_hot = tf.one_hot(tf.cast(m.y, tf.int32), 3)
    losses = tf.nn.log_softmax(m.p[:, tf.newaxis] * m.x)
    assert part(m, losses, one_hot, is_declared=True) is None


def test_a_feature_of_a_loss_that_is_subtracted_is_a_part_of_it() -> None:
    m = model()
    assert part(m, m.losses, m.w, after=NEGATION) is Part.LOSSES


# A divisor, and whether it declares w as weights.
DIVISORS: dict[str, tuple[Callable[[Model], Any], bool]] = {
    "sum": (lambda m: tf.reduce_sum(m.w), True),
    "mean": (lambda m: tf.reduce_mean(m.w), True),
    "count": (lambda m: tf.math.count_nonzero(m.w, dtype=tf.float32), True),
    "guarded": (lambda m: tf.maximum(tf.reduce_sum(m.w), 1.0), True),
    "with epsilon": (lambda m: 1e-8 + tf.reduce_sum(m.w), True),
    "of a product": (lambda m: tf.reduce_sum(m.w * m.y), True),
    "of others": (lambda m: tf.reduce_sum(m.y), False),
    "greatest": (lambda m: tf.reduce_max(m.w), False),
    "sum of differences": (lambda m: tf.reduce_sum(m.w - 1.0), False),
}


@pytest.mark.parametrize(("make", "declares"), DIVISORS.values(), ids=DIVISORS)
def test_divisors_declare_weights(make: Callable[[Model], Any], declares: bool) -> None:
    m = model()
    divisor = make(m)
    graph = m.graph(tf.reduce_sum(m.losses) / divisor)
    step = graph.loss_step(Operation.DIVIDE, divisor)
    assert is_among(m.w, summed_by(divisor)) is declares
    assert is_among(m.w, declared(graph, [step])) is declares


NORMALIZED: dict[str, tuple[Callable[[Model], Any], bool]] = {
    "softmax": (lambda m: tf.nn.softmax(m.w), True),
    "over its sum": (lambda m: m.w / tf.reduce_sum(m.w), True),
    "over its sum, with an axis": (lambda m: (m.w / tf.reduce_sum(m.w))[:, tf.newaxis], True),
    "columns over their sums": (lambda m: m.x / tf.reduce_sum(m.x, axis=0, keepdims=True), True),
    "rows over their sums": (lambda m: m.x / tf.reduce_sum(m.x, axis=1, keepdims=True), False),
    "softmax of rows": (lambda m: tf.nn.softmax(m.x), False),
    "feature": (lambda m: m.w, False),
    "product": (lambda m: m.w * 2.0, False),
}


@pytest.mark.parametrize(("make", "is_normalized"), NORMALIZED.values(), ids=NORMALIZED)
def test_weights_that_are_normalized(make: Callable[[Model], Any], is_normalized: bool) -> None:
    m = model()
    weights = make(m)
    graph: LossGraph = m.graph(tf.reduce_sum(weights) * tf.reduce_sum(m.losses))
    assert FactorParts(graph).is_normalized(weights) is is_normalized
