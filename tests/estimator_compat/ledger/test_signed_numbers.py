"""Numbers that scale a loss, split into a sign and a size."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.signed_numbers import cancelled, steps_of, without_sign
from estimator_compat.ledger.steps import LossStep, Operation, Part
from tests.estimator_compat.ledger.small_losses import Model, model

tf1 = tf.compat.v1
NEGATE = LossStep(operation=Operation.NEGATE)


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def size(m: Model) -> Any:
    return tf.cast(tf.size(m.y), tf.float32, name="n")


# A number that multiplies a loss, and the steps: an operation and its operand.
MULTIPLIERS: dict[str, tuple[Callable[[Model], Any], list[str]]] = {
    "positive": (lambda m: tf.constant(0.5), ["multiply 0.5"]),
    "negative": (lambda m: tf.constant(-0.5), ["negate", "multiply 0.5"]),
    "minus one": (lambda m: tf.constant(-1.0), ["negate"]),
    "negated": (lambda m: -size(m), ["negate", "multiply size(labels)"]),
    "taken from zero": (lambda m: 0.0 - size(m), ["negate", "multiply size(labels)"]),
    "times minus one": (lambda m: -1.0 * size(m), ["negate", "multiply size(labels)"]),
    "times minus three": (
        lambda m: -3.0 * size(m),
        ["negate", "multiply 3", "multiply size(labels)"],
    ),
    "negated twice": (lambda m: tf.negative(-size(m)), ["multiply size(labels)"]),
    "cast of a negation": (
        lambda m: tf.cast(-tf.size(m.y), tf.float32),
        ["negate", "multiply size(labels)"],
    ),
    "reciprocal": (lambda m: tf.math.reciprocal(size(m)), ["divide size(labels)"]),
    "inverse": (lambda m: 1.0 / size(m), ["divide size(labels)"]),
    "negative inverse": (lambda m: -1.0 / size(m), ["negate", "divide size(labels)"]),
    "quotient": (lambda m: 2.0 / size(m), ["multiply 2", "divide size(labels)"]),
    "of variables": (lambda m: 1.0 / tf.reduce_sum(m.v), ["multiply 1 / sum(v)"]),
}


@pytest.mark.parametrize(("make", "expected"), MULTIPLIERS.values(), ids=MULTIPLIERS)
def test_multipliers(make: Callable[[Model], Any], expected: list[str]) -> None:
    m = model()
    number = make(m)
    steps = steps_of(m.graph(tf.reduce_mean(m.losses) * number), Operation.MULTIPLY, number)
    found = [f"{step.operation.value} {step.operand}".strip() for step in steps]
    assert found == expected
    assert all(step.value is None or step.value > 0 for step in steps)


def test_divisors_keep_their_operation() -> None:
    m = model()
    divisor = -2.0 * size(m)
    graph = m.graph(tf.math.divide_no_nan(tf.reduce_sum(m.losses), divisor))
    steps = steps_of(graph, Operation.DIVIDE_NO_NAN, divisor)
    assert [step.operation.value for step in steps] == ["negate", "divide_no_nan", "divide_no_nan"]
    assert [step.operand for step in steps[1:]] == ["2", "size(labels)"]


def test_a_multiplier_of_the_batch_is_marked() -> None:
    m = model()
    for number, part in ((size(m), Part.TERM), (tf.reduce_sum(m.v), None)):
        graph = m.graph(tf.reduce_mean(m.losses) * number)
        (step,) = steps_of(graph, Operation.MULTIPLY, number)
        assert step.part is part


def test_tensors_without_their_sign() -> None:
    x = tf1.placeholder(tf.float32, [None])
    for negated in (-x, 0.0 - x, x * -1.0, -1.0 * x):
        assert without_sign(negated) is x
    row = x * tf.constant([[-1.0]])  # [1, batch]
    for other in (x, x - 0.0, 1.0 - x, 2.0 * x, tf.reshape(-x, [-1, 1]), row):
        assert without_sign(other) is None


def test_negations_cancel_each_other() -> None:
    mean = LossStep(operation=Operation.MEAN)
    half_square = LossStep(operation=Operation.HALF_SQUARE)
    assert cancelled((mean, NEGATE)) == (NEGATE, mean)
    assert cancelled((NEGATE, mean, NEGATE)) == (mean,)
    assert cancelled((half_square, mean, NEGATE)) == (half_square, mean, NEGATE)
