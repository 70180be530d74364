"""Batches of DataFrames: their labels, their queue, and what is refused."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import tensorflow as tf

from estimator_compat.inputs import pandas_input_fn
from tests.estimator_compat.inputs.reading import batches

tf1 = tf.compat.v1

X = pd.DataFrame({"a": [1, 2, 3], "b": [4.5, 5.5, 6.5]}, index=[7, 8, 9])
Y = pd.Series([10, 20, 30], index=[7, 8, 9])


def in_order(y: Any = None, **given: Any) -> Callable[[], Any]:
    return pandas_input_fn(X, y, **{"batch_size": 2, "shuffle": False, **given})


def test_without_labels() -> None:
    assert batches(in_order()) == [{"a": [1, 2], "b": [4.5, 5.5]}, {"a": [3], "b": [6.5]}]


def test_a_series_of_labels() -> None:
    assert batches(in_order(Y)) == [
        ({"a": [1, 2], "b": [4.5, 5.5]}, [10, 20]),
        ({"a": [3], "b": [6.5]}, [30]),
    ]


def test_labels_may_have_the_names_of_features() -> None:
    labels = pd.DataFrame({"a": Y, "c": Y * 2})
    (first, _) = batches(in_order(labels))
    assert first == ({"a": [1, 2], "b": [4.5, 5.5]}, {"a": [10, 20], "c": [20, 40]})
    assert list(X.columns) == ["a", "b"], "the caller's frame is left as it is"


@pytest.mark.parametrize(("shuffle", "capacity"), [(False, 3), (True, 12)])
def test_a_queue_as_long_as_the_frame(shuffle: bool, capacity: int) -> None:
    with tf.Graph().as_default() as graph:
        in_order(shuffle=shuffle, queue_capacity=None)()
        (queue,) = (op for op in graph.get_operations() if op.type.endswith("QueueV2"))
    assert queue.get_attr("capacity") == capacity  # 3 rows; four times as many to shuffle


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "order": (lambda: in_order(shuffle=None), ValueError, "pass `shuffle=True`"),
    "other rows": (lambda: in_order(Y[:2]), ValueError, "reindex `x` or `y`"),
    "other order": (lambda: in_order(Y[::-1]), ValueError, "reindex `x` or `y`"),
    "taken name": (lambda: in_order(Y, target_column="a"), ValueError, "pass another `target_col"),
    "no name": (
        lambda: in_order(Y, target_column=3),
        TypeError,
        "given: 3; expected a colu",
    ),
}


@pytest.mark.parametrize(("build", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        build()
