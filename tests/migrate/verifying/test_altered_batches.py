"""Tests for migrate.verifying.altered_batches."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying import altered_batches

SPARSE = tf.compat.v1.SparseTensorValue(
    np.array([[0, 1], [1, 0], [2, 1]]), np.array([7, 8, 9]), np.array([3, 2])
)
BATCH: Any = ({"x": np.arange(6.0).reshape(3, 2), "ids": SPARSE}, np.array([1.0, 2.0, 3.0]))


def test_names() -> None:
    names = [name for name, _ in altered_batches.leaves(BATCH)]
    assert names == ["features/x", "features/ids", "labels"]
    assert [name for name, _ in altered_batches.named(BATCH, "train/0")] == [
        "train/0/0/x",
        "train/0/0/ids",
        "train/0/1",
    ]


def test_a_short_batch() -> None:
    (features, labels) = altered_batches.shortened(BATCH, 2)
    assert features["x"].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert labels.tolist() == [1.0, 2.0]
    indices, values, shape = features["ids"]
    assert (indices.tolist(), values.tolist()) == ([[0, 1], [1, 0]], [7, 8])
    assert shape.tolist() == [2, 2]


def test_every_second_example_is_zero() -> None:
    (features, labels) = altered_batches.with_zeros(BATCH, "labels")
    assert labels.tolist() == [1.0, 0.0, 3.0]
    assert features["x"] is BATCH[0]["x"]


def test_sizes() -> None:
    assert altered_batches.size(BATCH) == 3
    assert altered_batches.size((np.zeros([3]), np.zeros([2]))) is None
    assert altered_batches.size(np.float32(1.0)) is None


@pytest.mark.usefixtures("shapes_of_tensorflow")
def test_which_batches_may_be_short() -> None:
    assert altered_batches.may_be_short(tf.TensorSpec([None, 2], tf.float32))
    assert not altered_batches.may_be_short(tf.TensorSpec([8, 2], tf.float32))
    assert not altered_batches.may_be_short({"x": tf.TensorSpec([], tf.float32)})
