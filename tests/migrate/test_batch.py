"""`Batch`: which elements of an input have labels."""

from typing import Any, NamedTuple

import pytest

from migrate.batch import Batch


class Pair(NamedTuple):
    """Features that a model_fn reads by name."""

    ids: int
    lengths: int


@pytest.mark.parametrize(
    ("element", "features", "labels"),
    [
        ({"x": 1}, {"x": 1}, None),
        ((1, 2), 1, 2),
        (((1, 2), 3), (1, 2), 3),
        ([1, 2], [1, 2], None),
        ((1,), (1,), None),
        ((1, 2, 3), (1, 2, 3), None),
        (Pair(1, 2), Pair(1, 2), None),
    ],
    ids=["dict", "pair", "tuple of features", "list", "one", "three", "named tuple"],
)
def test_an_element_is_features_or_a_pair(element: Any, features: Any, labels: Any) -> None:
    batch = Batch.of(element)
    assert (batch.features, batch.labels) == (features, labels)
    assert batch.element == element


def test_a_batch_is_equal_to_itself_alone() -> None:
    batch = Batch(1, 2)
    assert batch == batch
    assert batch != Batch(1, 2)
