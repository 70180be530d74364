"""Feature columns as canned estimators use them."""

from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.canned import feature_columns

tf1 = tf.compat.v1
A, B = (tf.feature_column.numeric_column(name) for name in ("a", "b"))


def test_columns_are_sorted_by_name() -> None:
    assert feature_columns.sorted_by_name([B, A]) == [A, B]


REFUSED = {
    "dict": ({"a": A}, "Expected feature_columns to be iterable, found dict"),
    "none": ([], "feature_columns must not be empty"),
    "kind": (["a"], "Items of feature_columns must be either a DenseColumn or CategoricalColumn"),
    "twice": ([A, A], "Duplicate feature column name found for columns"),
}


@pytest.mark.parametrize(("columns", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(columns: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        feature_columns.sorted_by_name(columns)


def test_features_are_a_dict() -> None:
    feature_columns.check_features({"a": 1})
    with pytest.raises(ValueError, match=r"^features should be a dictionary of `Tensor`s"):
        feature_columns.check_features([1])


def test_the_parts_of_a_variable() -> None:
    with tf.Graph().as_default():
        whole = tf1.get_variable("v", [4])
        halves = tf1.get_variable("w", [4], partitioner=tf1.fixed_size_partitioner(2))
        assert feature_columns.parts(whole) == [whole]
        assert [part.op.name for part in feature_columns.parts(halves)] == ["w/part_0", "w/part_1"]


def test_the_variables_of_columns() -> None:
    owner = feature_columns.ColumnVariables()
    with tf.Graph().as_default():
        made = owner.create_variable(A, "weights", (2, 1))
    assert owner.get_variable(A, "weights") is made
    assert owner.variables == [made]
    owner.add_resource(A, "table", 5)
    assert (owner.has_resource(A, "table"), owner.has_resource(B, "table")) == (True, False)
    assert owner.get_resource(A, "table") == 5
