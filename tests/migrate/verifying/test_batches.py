"""The batches of an input_fn, read once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import RunConfig
from migrate.targets import Target
from migrate.verifying.batches import Batches, materialize


def read(input_fn: Callable[[], Any], limit: int = 9, seed: int = 1) -> Batches:
    config = RunConfig(tf_random_seed=seed)
    target = Target(model_fn=lambda features: None, input_fns=input_fn, config=config)
    return materialize(target, "train", limit)


def numbers() -> tf.data.Dataset:
    """Yields the features [0, 1], [2, 3] and [4], with labels of twice that."""
    return tf.data.Dataset.range(5).map(lambda i: ({"x": i}, 2 * i)).batch(2)


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (9, 3)])
def test_the_first_batches_are_read(limit: int, count: int) -> None:
    batches = read(numbers, limit)
    assert len(batches.values) == count
    features, labels = batches.values[1]
    np.testing.assert_array_equal(features["x"], [2, 3])
    np.testing.assert_array_equal(labels, [4, 6])
    spec = tf.TensorSpec([None], tf.int64)
    assert batches.spec == ({"x": spec}, spec)


def test_features_alone() -> None:
    batches = read(lambda: tf.data.Dataset.range(2))
    assert batches.values == [0, 1]


def test_the_batches_are_yielded_again() -> None:
    batches = read(numbers)
    for _ in range(2):
        found = [features["x"].numpy().tolist() for features, _ in batches.dataset()]
        assert found == [[0, 1], [2, 3], [4]]


def test_sparse_features_stay_sparse() -> None:
    def input_fn() -> tf.data.Dataset:
        sparse = tf.SparseTensor([[0, 1]], [7.0], [1, 3])
        return tf.data.Dataset.from_tensors(sparse)

    [element] = read(input_fn).dataset()
    assert isinstance(element, tf.SparseTensor)
    np.testing.assert_array_equal(tf.sparse.to_dense(element), [[0, 7, 0]])


def test_random_ops_of_the_input_have_the_seed_of_the_config() -> None:
    def drawn(seed: int) -> Any:
        draw = lambda: tf.random.uniform([3])  # noqa: E731
        return read(draw, limit=1, seed=seed).values[0].tolist()

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_the_replaced_input_fn_is_called_for_its_operations() -> None:
    batches = read(numbers)
    with tf1.Graph().as_default() as graph:
        replay = batches.input_fn(lambda: tf.constant(1.0, name="of_the_original"))
        assert graph.get_operations() == []
        assert replay().element_spec == batches.spec
        assert graph.get_operations()[0].name == "of_the_original"
