"""Batches of arrays: their order, their names, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from estimator_compat.inputs import numpy_input_fn
from tests.estimator_compat.inputs.reading import batches

X = np.arange(5)


def in_order(x: Any, y: Any = None, **given: Any) -> Callable[[], Any]:
    return numpy_input_fn(x, y, batch_size=2, shuffle=False, **given)


def test_the_last_batch_may_be_shorter() -> None:
    assert batches(in_order(X)) == [[0, 1], [2, 3], [4]]


def test_batches_go_on_over_the_end_of_an_epoch() -> None:
    assert batches(in_order(X, num_epochs=2)) == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]


def test_without_end() -> None:
    assert batches(in_order(X[:3], num_epochs=None), most=4) == [[0, 1], [2, 0], [1, 2], [0, 1]]


def test_a_random_order_has_every_row() -> None:
    read = batches(numpy_input_fn(X, batch_size=2, shuffle=True))
    assert sorted(row for batch in read for row in batch) == [0, 1, 2, 3, 4]


def test_features_and_labels_keep_their_forms() -> None:
    (first, *_) = batches(in_order({"b": X, "a": X.reshape(5, 1) * 2}, X * 3))
    assert first == ({"a": [[0], [2]], "b": [0, 1]}, [0, 3])
    (first, *_) = batches(in_order(X, {"y": X * 3}))
    assert first == ([0, 1], {"y": [0, 3]})


def test_a_feature_may_have_the_name_that_labels_get() -> None:
    (first, *_) = batches(in_order({"__target_key__": X, "__target_key___n": X * 2}, X * 3))
    assert first == ({"__target_key__": [0, 1], "__target_key___n": [0, 2]}, [0, 3])


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "order": (lambda: numpy_input_fn(X), ValueError, "pass `shuffle=True` or `shuffle=False`"),
    "no feature": (in_order({}), ValueError, "add a feature"),
    "a list": (in_order([1, 2]), TypeError, "got list; .*np.asarray"),
    "no example": (in_order(X[:0]), ValueError, "check its source"),
    "no label": (in_order(X, {}), ValueError, "use None instead"),
    "other length": (in_order(X, X[:4]), ValueError, "cut them to one length"),
    "same name": (
        in_order({"a": X}, {"a": X}),
        ValueError,
        r"keys .*: \['a'\]; .*rename",
    ),
}


@pytest.mark.parametrize(("build", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        build()
