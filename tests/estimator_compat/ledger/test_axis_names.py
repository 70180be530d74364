"""Names of axes: which of them are the batch, and what broadcasting makes of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import axis_names
from tests.estimator_compat.ledger.named_axes import NamedAxes

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("batch", True),
        ("batch*7", True),
        ("batch*?", True),
        ("selected", True),
        ("7", False),
        ("?", False),
        (None, False),
    ],
)
def test_the_batch_and_what_was_selected_from_it(name: str | None, expected: bool) -> None:
    assert axis_names.is_batch(name) is expected


# The names of two tensors' axes, and of their product's, which has as many axes as the longer one.
BROADCAST: dict[str, tuple[Any, Any, Any]] = {
    "same": (("batch", "3"), ("batch", "3"), ("batch", "3")),
    "number": (("batch", "3"), (), ("batch", "3")),
    "column": (("batch", "1"), ("batch", "3"), ("batch", "3")),
    "last axes are aligned": (("3",), ("batch", "3"), ("batch", "3")),
    "batch wins": (("4", "3"), ("batch", "3"), ("batch", "3")),
    "the first batch stays": (("selected",), ("batch",), ("selected",)),
    "not followed": ((None,), ("?",), ("?",)),
    "unknown rank": (None, ("batch",), ("batch",)),
}


@pytest.mark.parametrize(("first", "second", "names"), BROADCAST.values(), ids=BROADCAST)
def test_broadcasting(first: Any, second: Any, names: Any) -> None:
    tensors = [tf1.placeholder(tf.float32, name=name) for name in "ab"]
    follower = NamedAxes({"a": first, "b": second})
    assert axis_names.broadcast_names(follower, tensors, len(names), 8) == names


# From x [batch, unknown]: a shape, the name of an axis, whether the shape starts with its size.
SHAPES: dict[str, tuple[Callable[[Any], Any], str | None, bool]] = {
    "batch": (lambda x: tf.stack([tf.shape(x)[0], 2]), "batch", True),
    "another axis": (lambda x: tf.stack([tf.shape(x)[1], 2]), "batch", False),
    "another name": (lambda x: tf.stack([tf.shape(x)[0], 2]), "batch*7", False),
    "second size": (lambda x: tf.stack([2, tf.shape(x)[0]]), "batch", False),
    "another tensor's": (lambda x: tf.stack([tf.shape(tf.exp(x))[0], 2]), "batch", False),
    "constant": (lambda x: tf.constant([4, 2]), "batch", False),
    "whole shape": (tf.shape, "batch", False),
}


@pytest.mark.parametrize(("make", "name", "expected"), SHAPES.values(), ids=SHAPES)
def test_the_size_of_the_batch(make: Any, name: str | None, expected: bool) -> None:
    x = tf1.placeholder(tf.float32, [None, None], name="x")
    follower = NamedAxes({"x": ("batch", "?")})
    assert axis_names.is_size_of(follower, make(x), name) is expected
