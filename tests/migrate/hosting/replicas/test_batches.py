"""The conversion of an input's elements into the batches of replicas, as TensorFlow splits them."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.hosting.replicas.batches import BatchForEach, SplitBatch
from tests.migrate.hosting.replicas.cases import case


def numbers(nest: Any) -> Any:
    return tf.nest.map_structure(lambda tensor: np.asarray(tensor).tolist(), nest)


def test_a_batch_is_split() -> None:
    form, dataset = SplitBatch(2), tf.data.Dataset.range(3)
    assert form.elements(dataset) is dataset
    element = {"x": np.arange(5)}, np.arange(5) * 2
    assert numbers(form.arguments(element)) == (
        ({"x": [0, 1, 2]}, [0, 2, 4]),
        ({"x": [3, 4]}, [6, 8]),
    )


def test_each_replica_takes_the_next_batch() -> None:
    elements = list(BatchForEach(2).elements(tf.data.Dataset.range(5)))
    assert numbers(elements) == [(0, 1), (2, 3)]
    assert BatchForEach(2).arguments((1, 2)) == (1, 2)


@pytest.mark.parametrize(
    ("element", "arguments"),
    [(1, (1,)), ((1,), (1,)), ((1, 2), ((1, 2),)), ([1], ([1],))],
    ids=["features", "a tuple of one batch", "features and labels", "a list"],
)
def test_one_replica_takes_a_batch_itself_too(element: Any, arguments: Any) -> None:
    assert BatchForEach(1).arguments(element) == arguments


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_scalar_cannot_be_split() -> None:
    assert case("refused")["scalar"] == (
        "the input has scalars (IteratorGetNext:0); expected tensors whose first axis is the "
        "batch, to split it over the replicas; give each example a value of its own, or let the "
        "input yield a batch for each replica, with `split=False`."
    )


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_batch_is_split_as_tensorflow_splits_it() -> None:
    found = case("splits")
    assert found["ours"] == found["theirs"]
    assert found["ours"][0] == [[0, 1, 2], [3, 4]]
    assert found["sparse"] == [[[1, 0], [0, 2]], [[3, 4]]]


@pytest.mark.slow
@pytest.mark.subprocess
def test_batches_for_replicas_are_grouped_and_the_rest_left_out() -> None:
    assert case("splits")["consecutive"] == [[[0, 1], [2, 3], [4, 5]]]
