"""`DNNLinearCombinedClassifier`, `-Regressor` and `-Estimator` of TensorFlow 1: wide and deep."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import (
    combined_parts,
    feature_columns,
    legacy_dnn,
    logit_fns,
    model_summaries,
    optimizers,
    partitioners,
)
from estimator_compat.canned.combined_parts import Parts
from estimator_compat.heads import factories
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.type_aliases import Features, Labels, Tensor

_SUM = tf1.losses.Reduction.SUM


def _model_fn(head: Any, parts: Parts, partitioner: Any) -> Any:
    """Returns the model_fn of a wide and deep model."""

    def model_fn(features: Features, labels: Labels, mode: str, config: Any) -> Any:
        feature_columns.check_features(features)
        units = head.logits_dimension
        steps: list[tuple[Any, str]] = []
        logits: list[Tensor] = []
        if parts.deep.columns:
            chosen = _optimizer(parts.deep_optimizer, combined_parts.DEEP_RATE)
            combined_parts.check_hidden_units(parts.deep)
            with legacy_dnn.scope(features, config) as scope:
                made = legacy_dnn.logits(features, mode, units, parts.deep, partitioner, config)
            steps.append((chosen, scope.name))
            logits.append(made)
        if parts.linear_columns:
            chosen = _optimizer(parts.linear_optimizer, parts.linear_rate)
            made, scope = _linear_logits(features, units, parts, partitioner, config)
            steps.append((chosen, scope))
            logits.append(made)
        return head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=logits[0] + logits[1] if logits[1:] else logits[0],
            labels=labels,
            train_op_fn=lambda loss: _train_op(loss, steps),
        )

    return model_fn


def _linear_logits(
    features: Features, units: int, parts: Parts, partitioner: Any, config: Any
) -> tuple[Tensor, str]:
    """Builds the linear part; returns its logits and its variable scope."""
    chosen = partitioner or partitioners.of_inputs(config)
    with tf1.variable_scope("linear", values=tuple(features.values()), partitioner=chosen) as scope:
        logit_fn = logit_fns.linear_logit_fn_builder(
            units, parts.linear_columns, parts.sparse_combiner
        )
        logits = logit_fn(features=features)
        model_summaries.write_layer(logits, scope.name)
    return logits, scope.name


def _train_op(loss: Tensor, steps: list[tuple[Any, str]]) -> Any:
    """Returns the op that trains the variables of each scope with its optimizer.

    Args:
      loss: The training loss.
      steps: The optimizers with their variable scopes.
    """
    ops = []
    for optimizer, scope in steps:
        variables = tf1.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES, scope=scope)
        ops.append(optimizer.minimize(loss, var_list=variables))
    with tf.control_dependencies([tf.group(*ops)]):
        return tf1.assign_add(tf1.train.get_global_step(), 1).op


def _optimizer(given: Any, rate: float) -> Any:
    """Returns the optimizer of a part."""
    optimizer = optimizers.get_optimizer_instance(given, rate)
    if isinstance(optimizer, tf1.train.SyncReplicasOptimizer):
        raise ValueError(
            "SyncReplicasOptimizer does not support multi optimizers case; expected an optimizer "
            "for each part; use a linear or a deep model with it."
        )
    return optimizer


class DNNLinearCombinedClassifier(Estimator):
    """A wide and deep model for one of several classes, whose loss is a sum.

    Args:
      model_dir: The folder of the checkpoints and summaries.
      linear_feature_columns: The feature columns of the linear part.
      linear_optimizer: The optimizer of the linear part: a `tf.train.Optimizer`, its name, or a
        function that returns one.
      dnn_feature_columns: The feature columns of the deep part.
      dnn_optimizer: The optimizer of the deep part.
      dnn_hidden_units: The number of units of each hidden layer.
      dnn_activation_fn: The activation function of the hidden layers.
      dnn_dropout: The share of a hidden layer's outputs that training leaves out, or None.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, a dense feature column,
        or None.
      label_vocabulary: The words of the classes, if the labels are words.
      input_layer_partitioner: The partitioner of the columns' variables; None for one of large
        variables.
      config: A `RunConfig`.
      warm_start_from: A checkpoint or a `WarmStartSettings`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      batch_norm: Whether a batch normalization follows each hidden layer.
      linear_sparse_combiner: How several values of a column of the linear part are joined: "sum",
        "mean" or "sqrtn".

    Raises:
      ValueError: An argument has another form, or there are no columns.
    """

    def __init__(
        self,
        model_dir: Any = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Any = tf.nn.relu,
        dnn_dropout: float | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ) -> None:
        parts = combined_parts.make(
            linear_feature_columns,
            linear_optimizer,
            linear_sparse_combiner,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
        )
        head = factories.binary_or_multi_class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction
        )
        model_fn = _model_fn(head, parts, input_layer_partitioner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNLinearCombinedEstimator(Estimator):
    """A wide and deep model with a head of one's own.

    Args:
      head: A head of TensorFlow 1.
      model_dir: As for `DNNLinearCombinedClassifier`.
      linear_feature_columns: As for `DNNLinearCombinedClassifier`.
      linear_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_feature_columns: As for `DNNLinearCombinedClassifier`.
      dnn_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_hidden_units: As for `DNNLinearCombinedClassifier`.
      dnn_activation_fn: As for `DNNLinearCombinedClassifier`.
      dnn_dropout: As for `DNNLinearCombinedClassifier`.
      input_layer_partitioner: As for `DNNLinearCombinedClassifier`.
      config: As for `DNNLinearCombinedClassifier`.
      batch_norm: As for `DNNLinearCombinedClassifier`.
      linear_sparse_combiner: As for `DNNLinearCombinedClassifier`.

    Raises:
      ValueError: There are no columns.
    """

    def __init__(
        self,
        head: Any,
        model_dir: Any = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Any = tf.nn.relu,
        dnn_dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ) -> None:
        parts = combined_parts.make(
            linear_feature_columns,
            linear_optimizer,
            linear_sparse_combiner,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
        )
        model_fn = _model_fn(head, parts, input_layer_partitioner)
        super().__init__(model_fn, model_dir, config=config)


class DNNLinearCombinedRegressor(Estimator):
    """A wide and deep model for numbers, whose loss is a sum.

    Args:
      model_dir: As for `DNNLinearCombinedClassifier`.
      linear_feature_columns: As for `DNNLinearCombinedClassifier`.
      linear_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_feature_columns: As for `DNNLinearCombinedClassifier`.
      dnn_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_hidden_units: As for `DNNLinearCombinedClassifier`.
      dnn_activation_fn: As for `DNNLinearCombinedClassifier`.
      dnn_dropout: As for `DNNLinearCombinedClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `DNNLinearCombinedClassifier`.
      input_layer_partitioner: As for `DNNLinearCombinedClassifier`.
      config: As for `DNNLinearCombinedClassifier`.
      warm_start_from: As for `DNNLinearCombinedClassifier`.
      loss_reduction: As for `DNNLinearCombinedClassifier`.
      batch_norm: As for `DNNLinearCombinedClassifier`.
      linear_sparse_combiner: As for `DNNLinearCombinedClassifier`.

    Raises:
      ValueError: An argument has another form, or there are no columns.
    """

    def __init__(
        self,
        model_dir: Any = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Any = tf.nn.relu,
        dnn_dropout: float | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ) -> None:
        parts = combined_parts.make(
            linear_feature_columns,
            linear_optimizer,
            linear_sparse_combiner,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
        )
        head = factories.canned_regression_head(weight_column, label_dimension, loss_reduction)
        model_fn = _model_fn(head, parts, input_layer_partitioner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
