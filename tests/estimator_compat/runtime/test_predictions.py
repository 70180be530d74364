"""Predictions by name, and batches of predictions split into examples."""

from typing import Any

import numpy as np
import pytest

from estimator_compat.runtime import predictions

GIVEN = {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (None, {"a": 1, "b": 2}),
        ([], {"a": 1, "b": 2}),
        (["b"], {"b": 2}),
        (["b", "c"], {"b": 2}),
        ("b", {"b": 2}),
    ],
    ids=["all", "empty", "one", "one that exists", "string"],
)
def test_selected(keys: Any, selected: dict[str, int]) -> None:
    assert predictions.select(GIVEN, keys) == selected


def test_a_tensor_has_no_keys() -> None:
    assert predictions.select(3, None) == 3
    with pytest.raises(ValueError, match=r"given: \['a'\]; .*; leave `predict_keys` out"):
        predictions.select(3, ["a"])


def test_no_key_exists() -> None:
    with pytest.raises(ValueError, match=r"from .*\['a', 'b'\].*, provided \['c'\]; name one of"):
        predictions.select(GIVEN, ["c"])


def test_examples_of_an_array() -> None:
    rows = list(predictions.examples(np.array([[1, 2], [3, 4], [5, 6]])))
    assert [row.tolist() for row in rows] == [[1, 2], [3, 4], [5, 6]]


def test_examples_of_a_dict() -> None:
    batch = {"a": np.array([1, 2]), "b": np.array([[3, 4], [5, 6]])}
    rows = [
        {name: row.tolist() for name, row in one.items()} for one in predictions.examples(batch)
    ]
    assert rows == [{"a": 1, "b": [3, 4]}, {"a": 2, "b": [5, 6]}]


def test_no_examples() -> None:
    assert list(predictions.examples({"a": np.zeros([0, 2])})) == []


def test_examples_of_different_batches() -> None:
    batch = {"a": np.zeros(2), "b": np.zeros(3)}
    with pytest.raises(ValueError, match=r"given: \{'a': 2, 'b': 3\}; .*yield_single_examples=Fal"):
        next(predictions.examples(batch))


@pytest.mark.parametrize("batch", [np.float32(3.0), {"a": np.zeros(2), "predictions": np.array(3)}])
def test_a_prediction_without_a_batch(batch: Any) -> None:
    told = r"`predictions` \(3(\.0)?\) is a prediction without a batch; expected .*_examples=Fa"
    with pytest.raises(IndexError, match=told):
        next(predictions.examples(batch))
