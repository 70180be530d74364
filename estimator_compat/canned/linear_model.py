"""The linear model of canned estimators: the weighted sum of feature columns, and a bias."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.canned import feature_columns
from estimator_compat.canned.feature_columns import ColumnVariables
from estimator_compat.type_aliases import Features, Tensor, Variable


class LinearModel(NamedTuple):
    """A linear model in a graph.

    Attributes:
      logits: `[batch, units]`.
      weights: The variables of the columns.
      bias: The parts of the variable of the bias.
      owner: Has the variable of each column.
    """

    logits: Tensor
    weights: list[Variable]
    bias: list[Variable]
    owner: ColumnVariables


def build(
    features: Features, columns: Any, *, units: int, sparse_combiner: str, scope: str
) -> LinearModel:
    """Builds the linear model of columns of TensorFlow 2.

    Args:
      features: The features by name.
      columns: The feature columns.
      units: The number of logits of an example.
      sparse_combiner: How the weights of several values of a column are joined: "sum", "mean" or
        "sqrtn".
      scope: The names of the variables start with it.

    Raises:
      ValueError: A column is something else, or the columns' batches are of unequal size.
    """
    columns = feature_columns.sorted_by_name(columns)
    owner = ColumnVariables()
    with tf1.variable_scope(scope, auxiliary_name_scope=False):
        for column in columns:
            _make_weights(column, units, owner)
        bias = tf1.get_variable(
            "bias_weights", [units], initializer=tf1.zeros_initializer(), use_resource=True
        )
    cache = private_tensorflow.feature_cache(features)
    with tf1.name_scope(scope):
        sums = []
        for column in columns:
            # TensorFlow's graph optimizer sorts the addends of a sum by name. The names decide the
            # last bit of the sum.
            with tf1.name_scope(_scope(column)):
                sums.append(_weighted_sum(column, cache, owner, sparse_combiner))
        _check_batches(sums, columns)
        logits = tf.nn.bias_add(tf.add_n(sums), bias)
    return LinearModel(logits, owner.variables, feature_columns.parts(bias), owner)


def _make_weights(column: Any, units: int, owner: ColumnVariables) -> None:
    with tf1.variable_scope(_scope(column), auxiliary_name_scope=False):
        column.create_state(owner)
        if is_categorical(column):
            width = column.num_buckets
        else:
            width = column.variable_shape.num_elements()
        zeros = tf1.zeros_initializer()
        owner.create_variable(column, "weights", (width, units), initializer=zeros)


def _scope(column: Any) -> str:
    """Returns the name of a column as a scope, in which some characters are not allowed."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", column.name)


def is_categorical(column: Any) -> bool:
    """Tells whether a column has ids: categorical columns, and bucketized ones."""
    return hasattr(column, "num_buckets")


def _weighted_sum(column: Any, cache: Any, owner: ColumnVariables, combiner: str) -> Tensor:
    """Returns the weighted sum of a column's values, `[batch, units]`."""
    weights = owner.get_variable(column, "weights")
    if not is_categorical(column):
        values = column.get_dense_tensor(cache, owner)
        width = column.variable_shape.num_elements()
        rows = tf.reshape(values, [tf.shape(values)[0], width])
        return tf.matmul(rows, weights, name="weighted_sum")
    pair = column.get_sparse_tensors(cache, owner)
    ids, factors = (
        None if one is None else tf.sparse.reshape(one, [tf.shape(one)[0], -1]) for one in pair
    )
    return tf1.nn.safe_embedding_lookup_sparse(
        weights, ids, sparse_weights=factors, combiner=combiner, name="weighted_sum"
    )


def _check_batches(sums: Sequence[Tensor], columns: Sequence[Any]) -> None:
    sizes = {column.name: one.shape.as_list()[0] for column, one in zip(columns, sums, strict=True)}
    known = {size for size in sizes.values() if size is not None}
    if len(known) > 1:
        raise ValueError(
            "Batch size (first dimension) of each feature must be same. Batch size of columns: "
            f"{sizes}; expected one batch; batch all features alike in the input_fn."
        )
