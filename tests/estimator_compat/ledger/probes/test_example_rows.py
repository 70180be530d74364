"""Batches of chosen examples: dense, sparse and ragged tensors."""

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.probes import example_rows

tf1 = tf.compat.v1
DENSE = np.arange(6).reshape(3, 2)
# [[7, 8], [], [9]]
RAGGED = tf1.ragged.RaggedTensorValue(np.array([7, 8, 9]), np.array([0, 2, 2, 3]))
SPARSE = tf1.SparseTensorValue(
    np.array([[0, 0], [0, 3], [2, 1]]), np.array([7, 8, 9]), np.array([3, 4])
)


def test_the_size_of_a_batch() -> None:
    assert example_rows.size_of([DENSE, np.float32(1), np.zeros(5), RAGGED, SPARSE]) == 3
    assert example_rows.size_of([np.float32(1)]) is None


def test_dense_rows() -> None:
    scalar, vocabulary = np.float32(2), np.arange(5)
    taken = example_rows.take([DENSE, scalar, vocabulary], [2, 0], 3)
    np.testing.assert_array_equal(taken[0], [[4, 5], [0, 1]])
    assert taken[1] is scalar
    assert taken[2] is vocabulary


def test_sparse_rows() -> None:
    (taken,) = example_rows.take([SPARSE], [2, 0], 3)
    np.testing.assert_array_equal(taken.indices, [[0, 1], [1, 0], [1, 3]])
    np.testing.assert_array_equal(taken.values, [9, 7, 8])
    np.testing.assert_array_equal(taken.dense_shape, [2, 4])
    (none,) = example_rows.take([SPARSE], [1], 3)
    assert none.indices.shape == (0, 2)


def test_ragged_rows() -> None:
    (taken,) = example_rows.take([RAGGED], [2, 1, 0], 3)
    np.testing.assert_array_equal(taken.values, [9, 7, 8])
    np.testing.assert_array_equal(taken.row_splits, [0, 1, 1, 3])
