"""The Dataset behind an iterator's tensors."""

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.inputs import iterators


def numbers() -> tf.data.Dataset:
    return tf.data.Dataset.range(4).batch(2)


def test_one_iterator_needs_no_session() -> None:
    with tf.Graph().as_default():
        numbers_of_batch = tf1.data.make_one_shot_iterator(numbers()).get_next()
        element = {"n": numbers_of_batch, "twice": numbers_of_batch * 2}
    dataset = iterators.as_eager(element)
    assert dataset is not None
    found = [{k: v.tolist() for k, v in batch.items()} for batch in dataset.as_numpy_iterator()]
    assert found == [{"n": [0, 1], "twice": [0, 2]}, {"n": [2, 3], "twice": [4, 6]}]


def test_sparse_tensors_stay_sparse() -> None:
    def sparse(number: tf.Tensor) -> tf.SparseTensor:
        return tf.sparse.from_dense(tf.stack([number, tf.zeros_like(number)]))

    with tf.Graph().as_default():
        dataset = tf.data.Dataset.range(1, 3).map(sparse)
        element = tf1.data.make_one_shot_iterator(dataset).get_next()
    made = iterators.as_eager(element)
    assert made is not None
    assert [tf.sparse.to_dense(each).numpy().tolist() for each in made] == [[1, 0], [2, 0]]


def test_tensors_of_other_sources_need_a_session() -> None:
    with tf.Graph().as_default():
        first, second = (tf1.data.make_one_shot_iterator(numbers()).get_next() for _ in "ab")
        assert iterators.as_eager((first, second)) is None
        assert iterators.as_eager(tf.constant(1)) is None
        fed = tf1.placeholder(tf.int64, [4])
        from_fed = tf.data.Dataset.from_tensor_slices(fed)
        assert iterators.as_eager(tf1.data.make_initializable_iterator(from_fed).get_next()) is None
        table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(np.arange(4), np.arange(4)), 0
        )
        assert iterators.as_eager(table.lookup(first)) is None
