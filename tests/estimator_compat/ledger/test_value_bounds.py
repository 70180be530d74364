"""Between which numbers the values of a tensor are, by its ops."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.value_bounds import ANY, Bounds, bounds

tf1 = tf.compat.v1
INFINITY = math.inf
NOT_NEGATIVE = Bounds(0.0, INFINITY)


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


# From floats x [batch, 3]: a tensor, and its bounds.
CERTAIN: dict[str, tuple[Callable[[Any], Any], tuple[float, float]]] = {
    "input": (lambda x: x, ANY),
    "constant": (lambda x: tf.constant([1.0, -2.0, 0.5]), (-2.0, 1.0)),
    "comparison": (lambda x: tf.cast(x > 0, tf.float32), (0.0, 1.0)),
    "one minus a comparison": (lambda x: 1 - tf.cast(tf.equal(x, 0), tf.float32), (0.0, 1.0)),
    "square": (tf.square, NOT_NEGATIVE),
    "product with itself": (lambda x: x * x, NOT_NEGATIVE),
    "even power": (lambda x: x**4.0, NOT_NEGATIVE),
    "odd power": (lambda x: x**3.0, ANY),
    "power of squares": (lambda x: tf.square(x) ** 0.7, NOT_NEGATIVE),
    "absolute": (tf.abs, NOT_NEGATIVE),
    "exponential": (tf.exp, NOT_NEGATIVE),
    "sigmoid": (tf.sigmoid, (0.0, 1.0)),
    "softmax": (tf.nn.softmax, (0.0, 1.0)),
    "rectified": (tf.nn.relu, NOT_NEGATIVE),
    "log-probabilities": (tf.nn.log_softmax, (-INFINITY, 0.0)),
    "logarithm of a sigmoid": (lambda x: tf.math.log(tf.sigmoid(x)), (-INFINITY, 0.0)),
    # log(1) is 0, and exp(x) has no bound
    "logarithm of one and more": (lambda x: tf.math.log(1 + tf.exp(x)), NOT_NEGATIVE),
    "log1p": (lambda x: tf.math.log1p(tf.exp(x)), NOT_NEGATIVE),
    "log_sigmoid": (tf.math.log_sigmoid, (-INFINITY, 0.0)),
    "difference": (lambda x: tf.sigmoid(x) - 0.25, (-0.25, 0.75)),
    "scaled": (lambda x: -2.0 * tf.sigmoid(x), (-2.0, 0.0)),
    "quotient by a sum": (lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x)), NOT_NEGATIVE),
    "quotient by a number": (lambda x: tf.sigmoid(x) / 4.0, (0.0, 0.25)),
    "quotient by anything": (lambda x: tf.sigmoid(x) / x, ANY),
    "greater of two": (lambda x: tf.maximum(x, 0.5), (0.5, INFINITY)),
    "clipped": (lambda x: tf.clip_by_value(x, -1.0, 1.0), (-1.0, 1.0)),
    "selected": (lambda x: tf.where(x > 0, tf.sigmoid(x), -tf.ones_like(x)), (-1.0, 1.0)),
    "one-hot": (lambda x: tf.one_hot(tf.argmax(x, 1), 3), (0.0, 1.0)),
    "gathered numbers": (lambda x: tf.gather([0.5, 2.0, 1.0], tf.argmax(x, 1)), (0.5, 2.0)),
    "mask of lengths": (
        lambda x: tf.sequence_mask(tf.argmax(x, 1), 5, dtype=tf.float32),
        (0.0, 1.0),
    ),
    "sum": (lambda x: tf.reduce_sum(tf.sigmoid(x), 1), NOT_NEGATIVE),
    "mean": (lambda x: tf.reduce_mean(tf.sigmoid(x), 1), (0.0, 1.0)),
    "renamed": (lambda x: tf.stop_gradient(tf.reshape(tf.sigmoid(x), [-1])), (0.0, 1.0)),
    "stacked": (lambda x: tf.stack([tf.sigmoid(x), tf.tanh(x)]), (-1.0, 1.0)),
    "product of matrices": (lambda x: tf.exp(x) @ tf.constant([[1.0], [0.0], [2.0]]), NOT_NEGATIVE),
    "cumulated": (lambda x: tf.cumsum(tf.sigmoid(x), axis=-1), NOT_NEGATIVE),
    "greatest": (lambda x: tf.math.top_k(tf.tanh(x), 2).values, (-1.0, 1.0)),
    "places of the greatest": (lambda x: tf.math.top_k(-tf.exp(x), 2).indices, NOT_NEGATIVE),
    "random": (lambda x: tf1.random_normal([3]) * 0.0 + x, ANY),
}


@pytest.mark.parametrize(("make", "expected"), CERTAIN.values(), ids=CERTAIN)
def test_bounds(make: Callable[[Any], Any], expected: tuple[float, float]) -> None:
    found = bounds(make(tf1.placeholder(tf.float32, [None, 3])))
    assert tuple(found) == pytest.approx(tuple(expected))


# Whether no value is negative, if no input is.
OF_INPUT: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "input": (lambda x: x, True),
    "product": (lambda x: 2.0 * x * x[:, :1], True),
    "root": (lambda x: x**0.5, True),
    "result of Python": (lambda x: tf1.py_func(lambda v: v, [x], tf.float32), True),
    "difference": (lambda x: x - 3.0, False),
    "one minus the input": (lambda x: 1 - x, False),
    "negation": (lambda x: -x, False),
    "logarithm": (tf.math.log, False),
}


@pytest.mark.parametrize(("make", "is_kept"), OF_INPUT.values(), ids=OF_INPUT)
def test_inputs_that_are_not_negative(make: Callable[[Any], Any], is_kept: bool) -> None:
    tensor = make(tf1.placeholder(tf.float32, [None, 3]))
    assert bounds(tensor, of_unknown=NOT_NEGATIVE).not_negative is is_kept
    assert not bounds(tensor).not_negative or tensor.op.type == "Mul"
