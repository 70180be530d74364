"""Patterns of ops: the ops that each recognizes, and similar ops that it does not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import op_patterns

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def floats() -> Any:
    return tf1.placeholder(tf.float32, [None, 3], name="x")


def name(tensor: Any) -> str | None:
    return None if tensor is None else tensor.op.name


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tf.constant(2.5), 2.5),
        (lambda: tf.constant([[3]]), 3.0),
        (lambda: tf.constant(True), 1.0),
        (lambda: tf.cast(tf.constant(4), tf.float32), 4.0),
        (lambda: tf.constant([1.0, 2.0]), None),
        (lambda: tf.constant("text"), None),
        (lambda: tf1.placeholder(tf.float32, []), None),
        (lambda: tf.shape(floats())[0], None),
    ],
    ids=["number", "array of one", "bool", "computed", "array", "text", "input", "batch size"],
)
def test_constants(make: Callable[[], Any], expected: float | None) -> None:
    assert op_patterns.constant(make()) == expected


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (lambda x: x[:, tf.newaxis], True),
        (lambda x: x[..., tf.newaxis], True),
        (lambda x: x[tf.newaxis], True),
        (lambda x: x[0, tf.newaxis], False),
        (lambda x: x[1:, tf.newaxis], False),
        (lambda x: x[:, :2], False),
    ],
)
def test_slices_that_only_add_axes(cut: Callable[[Any], Any], expected: bool) -> None:
    assert op_patterns.only_adds_axes(cut(floats()).op) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (tf.float32, tf.float64, True),
        (tf.float64, tf.float32, True),
        (tf.bool, tf.float32, True),
        (tf.bool, tf.int32, True),
        (tf.int32, tf.int64, True),
        (tf.int32, tf.float32, True),
        (tf.float32, tf.int32, False),
        (tf.float32, tf.bool, False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_casts_that_keep_values(before: Any, after: Any, expected: bool) -> None:
    cast = tf.cast(tf1.placeholder(before, [None]), after)
    assert op_patterns.keeps_values(cast.op) is expected


def test_what_only_renames_is_stripped() -> None:
    x = floats()
    renamed = tf.identity_n([tf.constant(0.0), tf.reshape(tf.identity(x), [-1])])[1]
    stripped = op_patterns.strip(tf.cast(tf.expand_dims(renamed, 0), tf.float64))
    assert name(stripped) == "x"
    assert name(op_patterns.strip(tf.cast(x, tf.int32, name="cut"))) == "cut"
    assert name(op_patterns.strip(tf.exp(x, name="exp"))) == "exp"


@pytest.mark.parametrize(
    ("make", "ones", "zeros"),
    [
        (tf.ones_like, True, False),
        (tf.zeros_like, False, True),
        (lambda x: tf.raw_ops.OnesLike(x=x), True, False),
        (lambda x: tf.fill(tf.shape(x), 1.0), True, False),
        (lambda x: tf.fill(tf.shape(x), 0.0), False, True),
        (lambda x: tf.fill(tf.shape(x), 2.0), False, False),
        (lambda x: tf.constant([1.0, 1.0]), True, False),
        (lambda x: tf.constant([0.0, 0.0]), False, True),
        (lambda x: tf.constant([1.0, 0.0]), False, False),
        (lambda x: x, False, False),
    ],
)
def test_ones_and_zeros(make: Callable[[Any], Any], ones: bool, zeros: bool) -> None:
    tensor = make(floats())
    assert (op_patterns.is_ones(tensor), op_patterns.is_zeros(tensor)) == (ones, zeros)


@pytest.mark.parametrize(
    ("make", "shaped"),
    [
        (tf.ones_like, "x"),
        (tf.zeros_like, "x"),
        (lambda x: tf.fill(tf.shape(x), 1.0), "x"),
        (lambda x: tf.fill([2, 2], 1.0, name="two"), "two"),
    ],
)
def test_the_shape_of_ones(make: Callable[[Any], Any], shaped: str) -> None:
    assert name(op_patterns.shaped_as(make(floats()))) == shaped


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda x: tf.ones_like(x) * x, "x"),
        (lambda x: x * tf.ones_like(x), "x"),
        (lambda x: x, "x"),
        (tf.ones_like, None),
        (lambda x: tf.ones_like(x) * tf.ones_like(x), None),
        (lambda x: tf.multiply(x, 2.0, name="double"), "double"),
    ],
)
def test_the_other_factor_of_ones(make: Callable[[Any], Any], other: str | None) -> None:
    assert name(op_patterns.without_ones(make(floats()))) == other


def as_tf_losses(x: Any) -> Any:
    """As `tf.losses` counts weights that are not 0, broadcast to the losses."""
    present = tf.where(tf.equal(x, 0.0), tf.zeros_like(x), tf.ones_like(x))
    return tf.reduce_sum(present * tf.ones_like(x))


@pytest.mark.parametrize(
    ("count", "counted"),
    [
        (as_tf_losses, "x"),
        (lambda x: tf.reduce_sum(tf.cast(tf.not_equal(x, 0.0), tf.float32)), "x"),
        (lambda x: tf.reduce_sum(tf.cast(tf.not_equal(x, 1.0), tf.float32)), None),
        (lambda x: tf.reduce_sum(tf.cast(x > 0.0, tf.float32)), None),
        (lambda x: tf.reduce_sum(tf.where(tf.equal(x, 0.0), x, tf.ones_like(x))), None),
        (lambda x: tf.reduce_sum(tf.ones_like(x)), None),
        (tf.reduce_sum, None),
        (tf.reduce_mean, None),
    ],
)
def test_counts(count: Callable[[Any], Any], counted: str | None) -> None:
    assert name(op_patterns.count_of(count(floats()).op)) == counted


# From floats x [batch, 3]: two tensors, and whether they certainly have the same elements.
SAME: dict[str, tuple[Callable[[Any], tuple[Any, Any]], bool]] = {
    "itself": (lambda x: (x, tf.reshape(x, [-1])), True),
    "computed twice": (lambda x: (2.0 * tf.exp(x), 2.0 * tf.exp(x)), True),
    "other number": (lambda x: (2.0 * x, 3.0 * x), False),
    "other op": (lambda x: (x + 2.0, x * 2.0), False),
    "other order": (lambda x: (x - 2.0, 2.0 - x), False),
    "other axis": (lambda x: (tf.reduce_sum(x, 0), tf.reduce_sum(x, 1)), False),
    "other attribute": (lambda x: (tf.nn.leaky_relu(x, 0.1), tf.nn.leaky_relu(x, 0.2)), False),
    "other output": (lambda x: (tf.split(x, 3, 1)[0], tf.split(x, 3, 1)[1]), False),
    "random": (lambda x: (x + tf1.random_normal([3]), x + tf1.random_normal([3])), False),
}


@pytest.mark.parametrize(("make", "are_same"), SAME.values(), ids=SAME)
def test_tensors_of_the_same_values(make: Callable[[Any], Any], are_same: bool) -> None:
    assert op_patterns.same_values(*make(floats())) is are_same
