"""The batch axis is followed through each type of op."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger.batch_axes import Axes

tf1 = tf.compat.v1
BATCH = 4


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def variable(*shape: int) -> Any:
    return tf1.get_variable("v", initializer=np.ones(shape, np.float32))


# From x [batch, 4, 3], y [batch] and ids [batch, unknown]: an op, and the names of its axes.
CASES: dict[str, tuple[Callable[[Any, Any, Any], Any], tuple[str, ...]]] = {
    "elementwise": (lambda x, y, ids: tf.exp(x) + 1, ("batch", "4", "3")),
    "broadcast": (lambda x, y, ids: x * tf.ones([7, 1, 1, 1]), ("7", "batch", "4", "3")),
    "reduced": (lambda x, y, ids: tf.reduce_sum(x, [-1]), ("batch", "4")),
    "batch reduced": (lambda x, y, ids: tf.reduce_sum(x, 0), ("4", "3")),
    "kept": (lambda x, y, ids: tf.reduce_max(x, 1, keepdims=True), ("batch", "1", "3")),
    "transposed": (lambda x, y, ids: tf.transpose(x, [1, 2, 0]), ("4", "3", "batch")),
    "expanded": (lambda x, y, ids: tf.expand_dims(y, axis=[-1]), ("batch", "1")),
    "squeezed": (lambda x, y, ids: tf.squeeze(y[tf.newaxis], 0), ("batch",)),
    "flat": (lambda x, y, ids: tf.reshape(x, [-1, 3]), ("batch*4", "3")),
    "unfolded": (
        lambda x, y, ids: tf.reshape(tf.reshape(x, [-1, 3]), [-1, 4, 3]),
        ("batch", "4", "3"),
    ),
    "flat of unknown": (lambda x, y, ids: tf.reshape(ids, [-1]), ("batch*?",)),
    "heads": (lambda x, y, ids: tf.reshape(x, [tf.shape(y)[0], 2, 6]), ("batch", "2", "6")),
    "padded": (lambda x, y, ids: tf.pad(x, [[0, 0], [1, 0], [0, 0]]), ("batch", "5", "3")),
    "padded batch": (lambda x, y, ids: tf.pad(y, [[0, 2]]), ("?",)),
    "split over one device": (lambda x, y, ids: tf.split(x, 1)[0], ("batch", "4", "3")),
    "split by place": (lambda x, y, ids: tf.split(x, [1, 3], axis=1)[1], ("batch", "3", "3")),
    "mixed": (lambda x, y, ids: tf.reshape(x, [6, -1]), ("6", "?")),
    "matmul": (lambda x, y, ids: x[:, 0] @ variable(3, 4), ("batch", "4")),
    "pairs": (lambda x, y, ids: tf.matmul(x[:, 0], x[:, 0], transpose_b=True), ("batch",) * 2),
    "turned": (lambda x, y, ids: tf.matmul(x, x, transpose_a=True), ("batch", "3", "3")),
    "embedded": (lambda x, y, ids: tf.gather(variable(9, 2), ids), ("batch", "?", "2")),
    "looked up": (
        lambda x, y, ids: tf.nn.embedding_lookup(variable(9, 2), ids),
        ("batch", "?", "2"),
    ),
    "masked": (lambda x, y, ids: tf.boolean_mask(y, y > 0), ("selected",)),
    "gathered": (lambda x, y, ids: tf.gather(x, [0, 1]), ("selected", "4", "3")),
    "by place": (lambda x, y, ids: tf.gather_nd(y, tf.where(y > 0)), ("selected",)),
    "sliced": (lambda x, y, ids: x[:, 1:3, tf.newaxis], ("batch", "2", "1", "3")),
    "first": (lambda x, y, ids: y[:2], ("selected",)),
    "stacked": (lambda x, y, ids: tf.stack([y, y], axis=1), ("batch", "2")),
    "unstacked": (lambda x, y, ids: tf.unstack(x, axis=1)[0], ("batch", "3")),
    "joined": (lambda x, y, ids: tf.concat([x, x], axis=2), ("batch", "4", "6")),
    "appended": (lambda x, y, ids: tf.concat([y, y], axis=0), ("?",)),
    "repeated": (lambda x, y, ids: tf.tile(y, [2]), ("?",)),
    "one-hot": (lambda x, y, ids: tf.one_hot(ids, 4), ("batch", "?", "4")),
    "one op unknown": (lambda x, y, ids: tf.cumsum(y), ("batch",)),
    "of unknown rank": (lambda x, y, ids: tf1.placeholder_with_default(y, None), ("?",)),
    "a variable": (lambda x, y, ids: tf.identity(variable(4, 2)), ("4", "2")),
}


@pytest.mark.parametrize("batch", [None, BATCH], ids=["any batch", "batch of 4"])
@pytest.mark.parametrize(("make", "names"), CASES.values(), ids=CASES)
def test_names(make: Any, names: tuple[str, ...], batch: int | None) -> None:
    x = tf1.placeholder(tf.float32, [batch, 4, 3])
    y = tf1.placeholder(tf.float32, [batch])
    ids = tf1.placeholder(tf.int32, [batch, None])
    actual = Axes([x, y, ids]).names(make(x, y, ids))
    if batch:  # an axis that is not the batch may then have a static size
        pairs = zip(actual, names, strict=True)
        assert all(name == expected or expected == "?" for name, expected in pairs), actual
        assert [n.startswith("batch") for n in actual] == [n.startswith("batch") for n in names]
    else:
        assert actual == names


def test_two_axes_that_were_not_followed_are_not_guessed() -> None:
    y = tf1.placeholder(tf.float32, [None])
    strange = tf1.placeholder(tf.float32, [None, None])
    assert Axes([y]).names(strange) == ("?", "?")


def test_reducing_one_of_two_such_axes_tells_nothing_about_the_other() -> None:
    y = tf1.placeholder(tf.float32, [None])
    strange = tf1.placeholder(tf.float32, [None, None])
    assert Axes([y]).names(tf.reduce_sum(strange, axis=1)) == ("?",)


def test_a_deep_graph_is_followed_only_so_far() -> None:
    y = deep = tf1.placeholder(tf.float32, [None])
    for _ in range(2000):
        deep = tf.exp(deep)
    assert Axes([y]).of(deep) == (None,)
    assert Axes([y]).names(deep) == ("batch",)


def test_inputs_of_time_first_have_the_batch_where_most_have_their_first_axis() -> None:
    lengths, weights = (tf1.placeholder(tf.float32, [4]) for _ in range(2))
    words = tf1.placeholder(tf.float32, [7, 4])
    assert Axes([words, lengths, weights]).names(tf.exp(words)) == ("7", "batch")
