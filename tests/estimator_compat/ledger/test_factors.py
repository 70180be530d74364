"""Which factor of a product is the loss, and which factors can be taken off losses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.factors import Factors
from estimator_compat.ledger.steps import LossStep, Operation, Part
from tests.estimator_compat.ledger.small_losses import Model, model


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def factors(m: Model, tensor: Any) -> Factors:
    return Factors(m.graph(tf.reduce_sum(tensor)))


def step(operation: Operation, operand: str, tensor: str = "", **given: Any) -> LossStep:
    return LossStep(operation=operation, operand=operand, tensor=tensor, **given)


# No reduction declares w as weights, and a batch may have negative ones.
BY_WEIGHTS = step(
    Operation.MULTIPLY, "features['w']", "w:0", scalar=False, part=Part.WEIGHTS_IF_NOT_NEGATIVE
)
BY_TWO = step(Operation.MULTIPLY, "2", value=2.0, part=Part.LOSSES)
# A tensor of weighted losses, and the step that weights them.
TAKEN: dict[str, tuple[Callable[[Model], Any], LossStep]] = {
    "weights": (lambda m: m.losses * m.w, BY_WEIGHTS),
    "weights first": (lambda m: m.w * m.losses, BY_WEIGHTS),
    "number": (lambda m: m.losses * 2.0, BY_TWO),
    "number first": (lambda m: 2.0 * m.losses, BY_TWO),
    "number of losses without gradient": (lambda m: tf.stop_gradient(m.losses) * 2.0, BY_TWO),
    "quotient": (
        lambda m: m.losses / tf.reduce_sum(m.w, name="n"),
        step(Operation.DIVIDE, "sum(features['w'])", "n:0", part=Part.TERM),
    ),
    "safe quotient": (
        lambda m: tf.math.divide_no_nan(m.losses, 4.0),
        step(Operation.DIVIDE_NO_NAN, "4", value=4.0, part=Part.LOSSES),
    ),
    "mask": (
        lambda m: tf.where(tf.greater(m.w, 0.0, name="mask"), m.losses, tf.zeros_like(m.losses)),
        step(Operation.KEEP_WHERE, "features['w'] > 0", "mask:0", scalar=False),
    ),
}


@pytest.mark.parametrize(("make", "taken"), TAKEN.values(), ids=TAKEN)
def test_a_factor_is_taken_off(make: Callable[[Model], Any], taken: LossStep) -> None:
    m = model()
    weighted = make(m)
    found = factors(m, weighted).of_losses(weighted, reduces_all=False)
    assert found is not None
    losses, steps = found
    assert losses.op.type in ("Square", "StopGradient")
    assert steps == (taken,)


NOT_TAKEN: dict[str, Callable[[Model], Any]] = {
    "no factor": lambda m: m.losses,
    "two losses": lambda m: m.losses * m.p,
    "neither": lambda m: m.w * m.y,
    "broadcast losses": lambda m: m.losses[:, tf.newaxis] * m.u,
    "quotient by the losses": lambda m: m.losses / tf.reduce_sum(m.losses),
    "quotient by a vector": lambda m: m.losses / m.w,
    "other values than zeros": lambda m: tf.where(m.w > 0, m.losses, tf.ones_like(m.losses)),
    "cast without a factor": lambda m: tf.cast(m.losses, tf.float64),
}


@pytest.mark.parametrize("make", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_other_tensors_are_left(make: Callable[[Model], Any]) -> None:
    m = model()
    tensor = make(m)
    assert factors(m, tensor).of_losses(tensor, reduces_all=True) is None


def test_renames_before_a_factor() -> None:
    m = model()
    weighted = m.losses * m.w
    cast, flat = tf.cast(weighted, tf.float64), tf.reshape(weighted, [-1, 1])
    assert factors(m, cast).of_losses(cast, reduces_all=False) == (
        weighted,
        (LossStep(operation=Operation.CAST, dtype="float64"),),
    )
    assert factors(m, flat).of_losses(flat, reduces_all=True) == (weighted, ())
    # The axes that are reduced later are those of the other shape.
    assert factors(m, flat).of_losses(flat, reduces_all=False) is None


# A product of two numbers, and the step that multiplies the loss; None for no such step.
NUMBERS: dict[str, tuple[Callable[[Model, Any], Any], LossStep | None]] = {
    "constant": (lambda m, loss: 2.0 * loss, step(Operation.MULTIPLY, "2", value=2.0)),
    "reciprocal": (
        lambda m, loss: loss * tf.math.reciprocal(tf.reduce_sum(m.w, name="n")),
        step(Operation.DIVIDE, "sum(features['w'])", "n:0"),
    ),
    "vector": (lambda m, loss: loss * m.w, None),
    "two losses": (lambda m, loss: loss * tf.reduce_sum(m.p), None),
}


@pytest.mark.parametrize(("make", "taken"), NUMBERS.values(), ids=NUMBERS)
def test_products_of_numbers(make: Callable[..., Any], taken: LossStep | None) -> None:
    m = model()
    loss = tf.reduce_sum(m.losses)
    product = make(m, loss)
    expected = None if taken is None else (loss, (taken,))
    assert factors(m, product).of_numbers(product) == expected


def test_a_penalty_is_the_loss_beside_a_number_of_the_input() -> None:
    m = model()
    penalty = tf.nn.l2_loss(m.v)
    product = tf.reduce_sum(m.w, name="n") * penalty
    assert factors(m, product).of_numbers(product) == (
        penalty,
        (step(Operation.MULTIPLY, "sum(features['w'])", "n:0", part=Part.TERM),),
    )


# The divisor of the sum of the losses, and whether the quotient is linear in the losses.
DIVISORS: dict[str, tuple[Callable[[Model], Any], bool]] = {
    "of weights": (lambda m: tf.reduce_sum(m.w), True),
    "constant": (lambda m: tf.constant(3.0), True),
    "variable": (lambda m: tf.reduce_sum(m.v), True),
    "of predictions": (lambda m: tf.reduce_sum(m.p), False),
    "vector": (lambda m: m.w, False),
}


@pytest.mark.parametrize(("make", "is_linear"), DIVISORS.values(), ids=DIVISORS)
def test_linear_quotients(make: Callable[[Model], Any], is_linear: bool) -> None:
    m = model()
    quotient = tf.reduce_sum(m.losses) / make(m)
    assert factors(m, quotient).is_linear_quotient(quotient) is is_linear


def test_a_variable_alone_is_not_divided_by_a_variable() -> None:
    m = model()
    quotient = tf.reduce_sum(tf.square(m.v)) / tf.reduce_sum(m.v)
    assert not factors(m, quotient).is_linear_quotient(quotient)


@pytest.mark.parametrize("batch", [None, 4])
def test_the_size_of_the_batch_inside_a_sum_scales_the_term(batch: int | None) -> None:
    m = model(batch)
    product = m.losses / tf.cast(tf.shape(m.y)[0], tf.float32)
    found = factors(m, product).of_losses(product, reduces_all=True)
    assert found is not None
    assert [(step.operation, step.part) for step in found[1]] == [(Operation.DIVIDE, Part.TERM)]
