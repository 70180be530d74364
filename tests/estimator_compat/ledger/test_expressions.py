"""The expressions of tensors, in the names of features and labels."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.expressions import TensorExpressions

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def expressions(*, may_be_loss: bool = False) -> TensorExpressions:
    return TensorExpressions(
        {"a:0": "a", "b:0": "b", "m:0": "m", "n:0": "n"}, lambda _: may_be_loss
    )


def inputs() -> tuple[Any, Any, Any, Any]:
    """Returns a and b, floats [batch], m, floats [batch, 3], and n, integers [batch]."""
    return (
        tf1.placeholder(tf.float32, [None], name="a"),
        tf1.placeholder(tf.float32, [None], name="b"),
        tf1.placeholder(tf.float32, [None, 3], name="m"),
        tf1.placeholder(tf.int32, [None], name="n"),
    )


CASES: dict[str, tuple[Callable[[Any, Any, Any, Any], Any], str]] = {
    "input": (lambda a, b, m, n: a, "a"),
    "number": (lambda a, b, m, n: tf.constant(0.1), "0.1"),
    "vector": (lambda a, b, m, n: m * tf.constant([1.0, 2.5, 3.0]), "m * [1, 2.5, 3]"),
    "sum": (lambda a, b, m, n: (a + b) * 2.0, "(a + b) * 2"),
    "difference": (lambda a, b, m, n: a - (b - a), "a - (b - a)"),
    "negation": (lambda a, b, m, n: -(a / b), "-(a / b)"),
    "several": (lambda a, b, m, n: tf.add_n([a, b, a]), "a + b + a"),
    "comparison": (lambda a, b, m, n: a >= 1.0, "a >= 1"),
    "call": (lambda a, b, m, n: tf.maximum(tf.exp(a), b), "max(exp(a), b)"),
    "reciprocal": (lambda a, b, m, n: tf.math.reciprocal(a + b), "1 / (a + b)"),
    "renamed": (lambda a, b, m, n: tf.identity(tf.reshape(a, [-1, 1])), "a"),
    "more axes": (lambda a, b, m, n: a[:, tf.newaxis], "a"),
    "all pairs": (lambda a, b, m, n: a[:, tf.newaxis] > a[tf.newaxis], "a[:, None] > a[None, :]"),
    "vector and column": (
        lambda a, b, m, n: (a + b) - tf.reshape(a, [-1, 1]),
        "(a + b)[None, :] - a[:, None]",
    ),
    "other order of the same": (
        lambda a, b, m, n: m - tf.reshape(m, [3, -1], name="turned"),
        "m - turned",
    ),
    "other places": (lambda a, b, m, n: tf.gather(a, n) - tf.gather(a, n + 1), "a[n] - a[n + 1]"),
    "cast that keeps": (lambda a, b, m, n: tf.cast(n, tf.float32), "n"),
    "cast that does not": (lambda a, b, m, n: tf.cast(a, tf.int32), "int32(a)"),
    "reduced": (lambda a, b, m, n: tf.reduce_sum(m), "sum(m)"),
    "reduced by all its axes": (lambda a, b, m, n: tf.reduce_sum(m, [0, -1]), "sum(m)"),
    "reduced rows": (lambda a, b, m, n: tf.reduce_mean(m, 1), "mean(m, axis=1)"),
    "greatest": (lambda a, b, m, n: tf.reduce_max(m, [0]), "max(m, axis=0)"),
    "size": (lambda a, b, m, n: tf.size(a), "size(a)"),
    "sum of ones": (lambda a, b, m, n: tf.reduce_sum(tf.ones_like(a)), "size(a)"),
    "batch size": (lambda a, b, m, n: tf.shape(m)[0], "shape(m)[0]"),
    "count": (
        lambda a, b, m, n: tf.reduce_sum(tf.cast(tf.not_equal(a, 0.0), tf.float32)),
        "count(a != 0)",
    ),
    "mask": (lambda a, b, m, n: tf.sequence_mask(n), "sequence_mask(n)"),
    "gathered": (lambda a, b, m, n: tf.gather(a + b, n), "(a + b)[n]"),
    "another op": (lambda a, b, m, n: tf.nn.relu(a, name="mine"), "mine"),
}


@pytest.mark.parametrize(("make", "text"), CASES.values(), ids=CASES)
def test_expressions(make: Callable[..., Any], text: str) -> None:
    assert expressions().of(make(*inputs())) == text


def test_deeper_ops_are_named() -> None:
    a, b, *_ = inputs()
    tensor = tf.exp(tf.add(a, b, name="inner"))
    assert expressions().of(tensor, 2) == "exp(a + b)"
    assert expressions().of(tensor, 1) == "exp(inner)"


def test_a_loss_is_named_where_one_may_be() -> None:
    a, b, *_ = inputs()
    errors = tf.square(a - b)
    assert expressions().of(errors) == "square(a - b)"
    assert expressions(may_be_loss=True).of(errors) == "squared_difference"


def test_a_long_expression_of_losses_gives_way_to_their_name() -> None:
    a, b, *_ = inputs()
    # Two names of 60 characters and " * " are 123 characters, more than 120; of 58, 119.
    for length, text in ((60, "mul"), (58, f"{'a' * 58} * {'b' * 58}")):
        named = {"a:0": "a" * length, "b:0": "b" * length}
        assert TensorExpressions(named, lambda _: False).of_losses(a * b) == text


def test_losses_of_an_op_without_an_expression_are_named() -> None:
    a, *_ = inputs()
    assert expressions().of_losses(tf.nn.relu(a, name="mine")) == "relu"


def test_two_losses_of_a_formula_have_different_names() -> None:
    a, b, *_ = inputs()
    near, far = tf.square(a - b), tf.square(a - 2.0 * b)
    formula = expressions(may_be_loss=True).of_one_formula()
    assert formula.of(near - far) == "squared_difference - squared_difference_2"
    assert formula.of(far) == "squared_difference_2"
    assert formula.of(tf.square(a - b)) == "squared_difference"  # the same values
    assert expressions(may_be_loss=True).of(far) == "squared_difference"
