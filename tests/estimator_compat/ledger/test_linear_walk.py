"""The addends that a walk finds behind a loss, each with its steps."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.linear_walk import LinearWalk
from tests.estimator_compat.ledger.small_losses import Model, model


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def walked(m: Model, loss: Any) -> list[tuple[str, list[str]]]:
    """The op's name of each addend's tensor, and its steps: the operation, then the operand."""
    return [
        (
            addend.tensor.op.name,
            [f"{step.operation.value} {step.operand}".strip() for step in addend.steps],
        )
        for addend in LinearWalk(m.graph(loss)).addends()
    ]


def mean(m: Model) -> Any:
    return tf.reduce_mean(m.losses)


def penalty(m: Model) -> Any:
    return tf.nn.l2_loss(m.v, name="penalty")


def labels(m: Model) -> Any:
    return tf.reduce_sum(m.y)


# A loss, and its addends. `Square` are the model's losses.
WALKS: dict[str, tuple[Callable[[Model], Any], list[tuple[str, list[str]]]]] = {
    "mean": (mean, [("Square", ["mean"])]),
    "unreduced": (lambda m: m.losses, [("Square", [])]),
    "rows, then all": (
        lambda m: tf.reduce_mean(tf.reduce_sum(m.losses[:, tf.newaxis], 1)),
        [("Sum_1", ["mean"])],
    ),
    "sum of two": (
        lambda m: mean(m) + 0.5 * labels(m),
        [("Square", ["mean"]), ("y", ["sum", "multiply 0.5"])],
    ),
    "difference": (
        lambda m: mean(m) - labels(m),
        [("Square", ["mean"]), ("y", ["sum", "negate"])],
    ),
    "several": (
        lambda m: tf.add_n([mean(m), penalty(m), labels(m)]),
        [("Square", ["mean"]), ("penalty", []), ("y", ["sum"])],
    ),
    "weighted mean": (
        lambda m: tf.reduce_sum(m.losses * m.w) / tf.reduce_sum(m.w),
        [("Square", ["multiply features['w']", "sum", "divide sum(features['w'])"])],
    ),
    # The sum and the mean of halves have losses that are halves.
    "number in a sum": (
        lambda m: tf.reduce_sum(tf.multiply(m.losses, 0.5, name="halves")),
        [("halves", ["sum"])],
    ),
    "number in a mean": (
        lambda m: tf.reduce_mean(tf.multiply(m.losses, 0.5, name="halves")),
        [("halves", ["mean"])],
    ),
    "half of squares": (
        lambda m: tf.nn.l2_loss(tf.subtract(m.p, m.y, name="errors")),
        [("errors", ["half_square", "sum"])],
    ),
    "stopped": (lambda m: tf.stop_gradient(mean(m)), [("Square", ["mean", "stop_gradient"])]),
    "cast": (lambda m: tf.cast(mean(m), tf.float64), [("Square", ["mean", "cast"])]),
    "renamed": (lambda m: tf.reshape(tf.identity(mean(m)), []), [("Square", ["mean"])]),
    "switched": (
        lambda m: tf.where(tf.reduce_sum(m.y) > 0, mean(m), 0.0),
        [("Square", ["mean", "keep_where sum(labels) > 0"])],
    ),
    "not linear": (lambda m: tf.sqrt(mean(m), name="root"), [("root", [])]),
    "of a variable": (lambda m: tf.reduce_sum(m.v, name="total"), [("total", [])]),
    # mean([a, b]) = a / 2 + b / 2
    "mean of a stack": (
        lambda m: tf.reduce_mean(tf.stack([mean(m), labels(m)])),
        [("Square", ["mean", "divide 2"]), ("y", ["sum", "divide 2"])],
    ),
    # sum([a, b] * [1, 3]) = a + 3 * b
    "weighted stack": (
        lambda m: tf.reduce_sum(tf.stack([mean(m), labels(m)]) * [1.0, 3.0]),
        [("Square", ["mean"]), ("y", ["sum", "multiply 3"])],
    ),
    "stack weighted by a feature": (
        lambda m: tf.reduce_sum(tf.stack([mean(m), labels(m)], name="pair") * m.u[0, :2]),
        [("pair", ["multiply strided_slice", "sum"])],
    ),
}


@pytest.mark.parametrize(("make", "addends"), WALKS.values(), ids=WALKS)
def test_addends(make: Callable[[Model], Any], addends: list[tuple[str, list[str]]]) -> None:
    m = model()
    assert walked(m, make(m)) == addends


def test_axes_of_reductions() -> None:
    m = model()
    loss = tf.reduce_mean(tf.reduce_sum(m.x, axis=0))
    (addend,) = LinearWalk(m.graph(loss)).addends()
    assert addend.tensor is m.x
    assert [step.axes for step in addend.steps] == [(0,), None]


def test_a_stack_is_of_numbers() -> None:
    m = model()
    loss = mean(m)
    walk = LinearWalk(m.graph(loss))
    assert walk.is_stack(tf.stack([loss, loss]))
    assert not walk.is_stack(tf.stack([m.losses, m.losses]))
    assert not walk.is_stack(m.losses)
