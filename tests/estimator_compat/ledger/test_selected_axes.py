"""The axes after each op that selects elements, from the axes before it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import selected_axes as rules
from tests.estimator_compat.ledger.named_axes import NamedAxes

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


NAMES: dict[str, Any] = {
    "x": ("batch", "4", "3"),
    "ids": ("batch",),
    "places": ("selected", "1"),
    "lost": None,
}


def _rows_of_a_variable(x: Any, ids: Any) -> Any:
    table = tf1.get_variable("table", [9, 2], use_resource=True)
    gathered = tf.gather(table, ids)
    while gathered.op.type == "Identity":
        gathered = gathered.op.inputs[0]
    assert gathered.op.type == "ResourceGather"
    return gathered


def _places(name: str) -> Any:
    return tf1.placeholder(tf.int32, [None, 1], name=name)


# From x [batch, 4, 3] and ids [batch]: a rule, a tensor, and the names of its axes.
CASES: dict[str, tuple[Any, Callable[[Any, Any], Any], Any]] = {
    "examples": (rules.gathered, lambda x, ids: tf.gather(x, [0, 1]), ("selected", "4", "3")),
    "examples by themselves": (rules.gathered, lambda x, ids: tf.gather(x, ids), NAMES["x"]),
    "one example": (rules.gathered, lambda x, ids: tf.gather(x, 0), ("4", "3")),
    "another axis": (
        rules.gathered,
        lambda x, ids: tf.gather(x, [0, 1], axis=-1),
        ("batch", "4", "2"),
    ),
    "rows": (rules.gathered, lambda x, ids: tf.gather(tf.zeros([9, 2]), ids), ("batch", "2")),
    "rows of a variable": (rules.gathered, _rows_of_a_variable, ("batch", "?")),
    "one of each example": (
        rules.gathered,
        lambda x, ids: tf.gather(x, ids[:, tf.newaxis], batch_dims=1),
        None,
    ),
    "greatest examples": (
        rules.largest,
        lambda x, ids: tf.math.top_k(ids, k=tf.shape(ids)[0] // 2).values,
        ("selected",),
    ),
    "greatest of each example": (
        rules.largest,
        lambda x, ids: tf.math.top_k(x, k=2).values,
        ("batch", "4", "?"),
    ),
    "by places": (
        rules.gathered_by_indices,
        lambda x, ids: tf.gather_nd(x, _places("places")),
        ("selected", None, None),
    ),
    "by lost places": (
        rules.gathered_by_indices,
        lambda x, ids: tf.gather_nd(x, _places("lost")),
        None,
    ),
    "where": (rules.selected, lambda x, ids: tf.where(x > 0), ("selected", None)),
    "range": (
        rules.sliced,
        lambda x, ids: x[:, 1:3, tf.newaxis],
        ("batch", "?", "1", "3"),
    ),
    "first examples": (rules.sliced, lambda x, ids: x[:2], ("selected", "4", "3")),
    "first example": (rules.sliced, lambda x, ids: x[0], ("4", "3")),
    "last column": (rules.sliced, lambda x, ids: x[:, :, -1], ("batch", "4")),
    "ellipsis": (rules.sliced, lambda x, ids: x[..., 0], None),
}


@pytest.mark.parametrize(("rule", "make", "names"), CASES.values(), ids=CASES)
def test_names(rule: Any, make: Any, names: Any) -> None:
    x = tf1.placeholder(tf.float32, [None, 4, 3], name="x")
    ids = tf1.placeholder(tf.int32, [None], name="ids")
    assert rule(NamedAxes(NAMES), make(x, ids), 8) == names
