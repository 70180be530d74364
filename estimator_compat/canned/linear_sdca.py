"""`LinearSDCA`, an optimizer of linear models, and the model_fn of a linear model with it."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.canned import feature_columns as columns_
from estimator_compat.canned import linear_model, model_summaries
from estimator_compat.canned.linear_model import LinearModel
from estimator_compat.canned.sdca_solver import (
    Examples,
    Parts,
    Settings,
    Solver,
    SparseFeature,
)
from estimator_compat.heads.binary_class import BinaryClass
from estimator_compat.heads.regression import Regression
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Operation


class LinearSDCA:
    """Stochastic dual coordinate ascent, an optimizer of `LinearClassifier` and `LinearRegressor`.

    It keeps a state for each example, by the example's id, and needs no learning rate.

    Args:
      example_id_column: The name of the feature that has the examples' ids, which are strings.
      num_loss_partitions: The number of workers.
      num_table_shards: The number of tables of examples; None for one.
      symmetric_l1_regularization: The factor of the sum of the weights' sizes, from 0.
      symmetric_l2_regularization: The factor of half the sum of the weights' squares, above 0.
      adaptive: Whether examples are drawn by how much they change the loss.
    """

    def __init__(
        self,
        example_id_column: str,
        num_loss_partitions: int = 1,
        num_table_shards: int | None = None,
        symmetric_l1_regularization: float = 0.0,
        symmetric_l2_regularization: float = 1.0,
        adaptive: bool = False,
    ) -> None:
        self.example_id_column = example_id_column
        self._num_loss_partitions = num_loss_partitions
        self._num_table_shards = num_table_shards
        self._l1 = symmetric_l1_regularization
        self._l2 = symmetric_l2_regularization
        self._adaptive = adaptive

    def settings(self, loss_type: str) -> Settings:
        """Returns the settings for a loss: "logistic_loss" or "squared_loss"."""
        shards = self._num_table_shards
        return Settings(
            loss_type=loss_type,
            l1=self._l1,
            l2=self._l2,
            num_loss_partitions=self._num_loss_partitions,
            num_table_shards=1 if shards is None else shards,
            adaptive=self._adaptive,
        )


def check_classifier(optimizer: Any, columns: Any, n_classes: int, sparse_combiner: str) -> None:
    """Raises ValueError if the optimizer is `LinearSDCA`, which cannot train the classifier."""
    if isinstance(optimizer, LinearSDCA):
        _check_columns(columns, sparse_combiner)
        if n_classes > 2:
            raise ValueError(
                f"LinearSDCA cannot be used in a multi-class setting. `n_classes` is {n_classes}; "
                "expected 2; use another optimizer."
            )


def check_regressor(
    optimizer: Any, columns: Any, label_dimension: int, sparse_combiner: str
) -> None:
    """Raises ValueError if the optimizer is `LinearSDCA`, which cannot train the regressor."""
    if isinstance(optimizer, LinearSDCA):
        _check_columns(columns, sparse_combiner)
        if label_dimension > 1:
            raise ValueError(
                "LinearSDCA can only be used with one-dimensional label. `label_dimension` is "
                f"{label_dimension}; expected 1; use another optimizer."
            )


def _check_columns(columns: Any, sparse_combiner: str) -> None:
    if sparse_combiner != "sum":
        raise ValueError(
            'sparse_combiner must be "sum" when optimizer is a LinearSDCA object. It was '
            f"{sparse_combiner!r}; pass `sparse_combiner`='sum', or another optimizer."
        )
    if not columns_.are_of_version_2(columns):
        raise ValueError(
            "V2 feature columns required when optimizer is a LinearSDCA object. A column is of "
            "TensorFlow 1; make the columns with tf.feature_column."
        )


def create_estimator_spec(
    features: Features,
    labels: Labels,
    mode: str,
    *,
    head: Any,
    columns: Sequence[Any],
    optimizer: LinearSDCA,
    scope: str,
) -> Any:
    """Returns the `EstimatorSpec` of a linear model that `LinearSDCA` trains.

    Args:
      features: The features by name.
      labels: The labels, `[batch]` or `[batch, 1]`.
      mode: One of `ModeKeys`.
      head: A head for one of two classes, or for one number.
      columns: The feature columns.
      optimizer: The optimizer.
      scope: The names of the variables start with it.

    Raises:
      ValueError: The head is another one, or a column has another form.
    """
    loss_type = _loss_type(head)
    model = linear_model.build(features, columns, units=1, sparse_combiner="sum", scope=scope)
    model_summaries.write_linear(model.bias[0], 1, model.weights)
    if mode != ModeKeys.TRAIN:
        return head.create_estimator_spec(
            features=features, mode=mode, labels=labels, logits=model.logits
        )
    sparse, dense = _weights(columns, model)
    examples = _examples(features, labels, columns, model, optimizer.example_id_column, head)
    solver = Solver(examples, sparse, [*dense, model.bias], optimizer.settings(loss_type))
    train_op = solver.minimize(tf1.train.get_global_step())
    spec = head.create_estimator_spec(
        features=features,
        mode=mode,
        labels=labels,
        train_op_fn=lambda _: train_op,
        logits=model.logits,
    )
    hooks = (*spec.training_chief_hooks, _UpdateWeightsHook(solver, train_op))
    return spec._replace(training_chief_hooks=hooks)


def _loss_type(head: Any) -> str:
    task = getattr(head, "task", None)
    if isinstance(task, BinaryClass):
        return "logistic_loss"
    if isinstance(task, Regression):
        assert head.logits_dimension == 1, "LinearSDCA trains one logit"
        return "squared_loss"
    raise ValueError(
        f"Unsupported head type: {head}; LinearSDCA trains a BinaryClassHead or a RegressionHead; "
        "use another optimizer."
    )


def _weights(columns: Sequence[Any], model: LinearModel) -> tuple[list[Parts], list[Parts]]:
    """Returns the variables of the categorical columns, and of the dense ones, in parts."""
    sparse: list[Parts] = []
    dense: list[Parts] = []
    for column in columns_.sorted_by_name(columns):
        parts = columns_.parts(model.owner.get_variable(column, "weights"))
        (sparse if linear_model.is_categorical(column) else dense).append(parts)
    return sparse, dense


def _examples(
    features: Features,
    labels: Labels,
    columns: Sequence[Any],
    model: LinearModel,
    id_column: str,
    head: Any,
) -> Examples:
    """Returns the batch as SDCA takes it."""
    cache = private_tensorflow.feature_cache(features)
    sparse, dense = [], []
    for column in columns_.sorted_by_name(columns):
        if linear_model.is_categorical(column):
            sparse.append(sparse_feature(*column.get_sparse_tensors(cache, model.owner)))
            continue
        _check_dense(column)
        dense.append(column.get_dense_tensor(cache, model.owner))
    batch = tf.shape(labels)[0]
    weights = tf.ones([batch])
    if head.weight_column:
        weights = tf.reshape(features[head.weight_column], [-1])
    return Examples(
        sparse=sparse,
        dense=[*dense, tf.ones([batch, 1])],
        labels=tf.cast(tf.reshape(labels, [-1]), tf.float32),
        weights=weights,
        ids=features[id_column],
    )


def _check_dense(column: Any) -> None:
    kind = type(column).__name__
    if not isinstance(column, private_tensorflow.DENSE_COLUMN):
        raise ValueError(
            f"LinearSDCA does not support column type {kind}; expected categorical or dense "
            "columns; leave the column out, or use another optimizer."
        )
    if (rank := column.variable_shape.ndims) != 1:
        raise ValueError(
            f"Column {kind} has rank {rank}, larger than 1; expected `[width]`; reshape the "
            "feature, or use another optimizer."
        )


def sparse_feature(ids: Any, weights: Any) -> SparseFeature:
    """Returns the ids of a categorical column: without negative ones, none twice in an example.

    Args:
      ids: A SparseTensor, `[batch, ...]`.
      weights: The weights of the ids, a SparseTensor; None for 1 each.
    """
    values = tf.ones([tf.shape(ids.indices)[0]]) if weights is None else weights.values
    rows = tf.reshape(ids.indices[:, 0], [-1])
    numbers = tf.cast(tf.reshape(ids.values, [-1]), tf.int64)
    # A word that no vocabulary has is the id -1.
    is_valid = numbers >= 0
    numbers, rows, values = (tf.boolean_mask(one, is_valid) for one in (numbers, rows, values))
    # An id with its example as one number.
    span = tf.reduce_max(numbers) + 1
    pairs, places = tf.unique(span * rows + numbers)
    count = tf.shape(pairs)[0]
    first_rows = tf.math.unsorted_segment_min(rows, places, count)
    return SparseFeature(
        rows=first_rows,
        ids=pairs - span * first_rows,
        values=tf.reshape(tf.math.unsorted_segment_sum(values, places, count), [-1]),
    )


class _UpdateWeightsHook(tf1.train.SessionRunHook):
    """Copies what was trained to the variables of the model, in each training step."""

    def __init__(self, solver: Solver, train_op: Operation) -> None:
        self._solver = solver
        self._train_op = train_op
        self._update: Operation | None = None

    def begin(self) -> None:
        """Makes the op."""
        self._update = self._solver.update_weights(self._train_op)

    def before_run(self, run_context: Any) -> Any:
        """Asks for the op."""
        del run_context
        return tf1.train.SessionRunArgs(self._update)
