"""Tests for migrate.graph_reading.column_sources: the calls that make feature columns."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.graph_reading.object_sources import ObjectSources

_COLUMN = tf.feature_column
_USER = _COLUMN.categorical_column_with_identity("user", 10)
_USER_SOURCE = "tf.feature_column.categorical_column_with_identity('user', 10)"
CASES: dict[str, tuple[Any, str | None]] = {
    "identity": (_USER, _USER_SOURCE),
    "a default value": (
        _COLUMN.categorical_column_with_identity("user", 10, default_value=0),
        "tf.feature_column.categorical_column_with_identity('user', 10, default_value=0)",
    ),
    "hash": (
        _COLUMN.categorical_column_with_hash_bucket("a", 5),
        "tf.feature_column.categorical_column_with_hash_bucket('a', 5)",
    ),
    "vocabulary": (
        _COLUMN.categorical_column_with_vocabulary_list("a", [3, 4], num_oov_buckets=2),
        "tf.feature_column.categorical_column_with_vocabulary_list('a', (3, 4), num_oov_buckets=2)",
    ),
    "another dtype than the words say": (
        _COLUMN.categorical_column_with_vocabulary_list("a", [3, 4], dtype=tf.int32),
        "tf.feature_column.categorical_column_with_vocabulary_list('a', (3, 4), dtype=tf.int32)",
    ),
    "number": (_COLUMN.numeric_column("price"), "tf.feature_column.numeric_column('price')"),
    "numbers": (
        _COLUMN.numeric_column("price", shape=(3,)),
        "tf.feature_column.numeric_column('price', shape=(3,))",
    ),
    "a function without a name": (
        _COLUMN.numeric_column("price", normalizer_fn=lambda x: x / 2.0),
        None,
    ),
    "buckets": (
        _COLUMN.bucketized_column(_COLUMN.numeric_column("price"), [1.0, 2.0]),
        "tf.feature_column.bucketized_column("
        "tf.feature_column.numeric_column('price'), (1.0, 2.0))",
    ),
    "indicator": (
        _COLUMN.indicator_column(_USER),
        f"tf.feature_column.indicator_column({_USER_SOURCE})",
    ),
    "cross": (
        _COLUMN.crossed_column(["a", "b"], 7),
        "tf.feature_column.crossed_column(('a', 'b'), 7)",
    ),
    "weighted": (
        _COLUMN.weighted_categorical_column(_USER, "weight"),
        f"tf.feature_column.weighted_categorical_column({_USER_SOURCE}, 'weight')",
    ),
    "embedding, whose initializer is the default": (
        _COLUMN.embedding_column(_USER, 4),
        f"tf.feature_column.embedding_column({_USER_SOURCE}, 4)",
    ),
    "embedding, whose initializer is another one": (
        _COLUMN.embedding_column(
            _USER, 4, combiner="sum", initializer=tf1.truncated_normal_initializer(stddev=0.1)
        ),
        f"tf.feature_column.embedding_column({_USER_SOURCE}, 4, combiner='sum', "
        "initializer=tf1.truncated_normal_initializer(stddev=0.1))",
    ),
    "sequence": (
        _COLUMN.sequence_categorical_column_with_identity("word", 3),
        "tf.feature_column.sequence_categorical_column_with_identity('word', 3)",
    ),
    "initializer": (
        tf1.glorot_uniform_initializer(seed=3),
        "tf1.glorot_uniform_initializer(seed=3)",
    ),
    "several": ([_USER], f"[{_USER_SOURCE}]"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_call_that_makes_a_column(case: str) -> None:
    value, expected = CASES[case]
    found = ObjectSources().source(value)
    assert found == expected
    if found is not None and "initializer" not in case:
        made = eval(found, {"tf": tf, "tf1": tf1})
        assert ObjectSources().source(made) == found
