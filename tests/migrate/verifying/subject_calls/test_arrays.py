"""Nests of arrays become nests of tensors, and the reverse."""

import collections
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.verifying.subject_calls import arrays

Pair = collections.namedtuple("Pair", ["first", "second"])


def element() -> Any:
    return (
        {
            "dense": tf.constant([[1.0]], tf.bfloat16),
            "text": tf.constant(["a\0", "b"]),
            "sparse": tf.SparseTensor([[0, 1]], ["x"], [1, 2]),
            "ragged": tf.ragged.constant([[[1], [2, 3]], []]),
            "pair": Pair(tf.constant(1), [tf.constant(2)]),
        },
        None,
    )


def test_there_and_back() -> None:
    values = arrays.to_numpy(element())
    features, labels = values
    assert labels is None
    assert isinstance(features["pair"], Pair)
    assert features["dense"].dtype.name == "bfloat16"
    assert features["text"].tolist() == [b"a\0", b"b"]
    back, _ = arrays.to_tensors(values)
    assert isinstance(back["sparse"], tf.SparseTensor)
    assert back["ragged"].to_list() == [[[1], [2, 3]], []]
    assert back["dense"].dtype is tf.bfloat16


def test_a_dataset() -> None:
    spec = ({"x": tf.TensorSpec([None], tf.float32)}, tf.TensorSpec([], tf.int64))
    values: list[Any] = [
        ({"x": np.array([1, 2], np.float32)}, np.int64(3)),
        ({"x": np.array([4], np.float32)}, 5),
    ]
    dataset = arrays.dataset_of(values, spec)
    assert dataset.element_spec == spec
    found = [(features["x"].numpy().tolist(), int(label)) for features, label in dataset]
    assert found == [([1.0, 2.0], 3), ([4.0], 5)]
