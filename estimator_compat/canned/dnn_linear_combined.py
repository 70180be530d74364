"""`DNNLinearCombinedClassifier`, `-Regressor` and `-Estimator` of TensorFlow 2: wide and deep."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from estimator_compat.canned import (
    combined_parts,
    dnn_model,
    feature_columns,
    heads,
    linear,
    model_summaries,
    optimizers,
)
from estimator_compat.canned.combined_parts import Parts
from estimator_compat.estimator import Estimator
from estimator_compat.heads.base import Head
from estimator_compat.heads.regression import RegressionHead
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Tensor

_MEAN = tf.losses.Reduction.SUM_OVER_BATCH_SIZE


def _model_fn(head: Head, parts: Parts, loss_reduction: str = _MEAN) -> Any:
    """Returns the model_fn of a wide and deep model."""

    def model_fn(features: Features, labels: Labels, mode: str) -> Any:
        feature_columns.check_features(features)
        units = head.logits_dimension
        steps: list[tuple[Any, Any, Sequence[Any]]] = []
        logits: list[Tensor] = []
        if parts.deep.columns:
            chosen = _optimizer(parts.deep_optimizer, combined_parts.DEEP_RATE, mode)
            combined_parts.check_hidden_units(parts.deep)
            model = dnn_model.build(features, mode, units, parts.deep)
            steps.append((chosen, model.variables, model.update_ops))
            logits.append(model.logits)
        if parts.linear_columns:
            chosen = _optimizer(parts.linear_optimizer, parts.linear_rate, mode)
            made, variables = linear.logits(
                features, parts.linear_columns, units=units, sparse_combiner=parts.sparse_combiner
            )
            model_summaries.write_layer(made, "linear")
            steps.append((chosen, variables, ()))
            logits.append(made)
        if mode == ModeKeys.TRAIN:
            # The first optimizer alone counts the steps.
            optimizers.counting_steps(steps[0][0])

        def train_op_fn(loss: Tensor) -> Any:
            loss = optimizers.for_replicas(loss, loss_reduction)
            ops: list[Any] = []
            for optimizer, variables, updates in steps:
                ops += [*optimizer.get_updates(loss, variables), *updates]
            return tf.group(*ops)

        return head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=logits[0] + logits[1] if logits[1:] else logits[0],
            labels=labels,
            train_op_fn=train_op_fn,
        )

    return model_fn


def _optimizer(given: Any, rate: float, mode: str) -> Any:
    """Returns the optimizer of a part in training, or None."""
    if mode != ModeKeys.TRAIN:
        return None
    return optimizers.keras_optimizer(given, rate)


class DNNLinearCombinedClassifier(Estimator):
    """A wide and deep model for one of several classes.

    Args:
      model_dir: The folder of the checkpoints and summaries.
      linear_feature_columns: The feature columns of the linear part.
      linear_optimizer: The optimizer of the linear part: one of `tf.keras.optimizers.legacy`, its
        name, or a function that returns one.
      dnn_feature_columns: The feature columns of the deep part.
      dnn_optimizer: The optimizer of the deep part.
      dnn_hidden_units: The number of units of each hidden layer.
      dnn_activation_fn: The activation function of the hidden layers.
      dnn_dropout: The share of a hidden layer's outputs that training leaves out, or None.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, its numeric column, or
        None.
      label_vocabulary: The words of the classes, if the labels are words.
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
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
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
        head = heads.classifier(n_classes, weight_column, label_vocabulary, loss_reduction)
        model_fn = _model_fn(head, parts, loss_reduction)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNLinearCombinedEstimator(Estimator):
    """A wide and deep model with a head of one's own.

    Args:
      head: A head of TensorFlow 2.
      model_dir: As for `DNNLinearCombinedClassifier`.
      linear_feature_columns: As for `DNNLinearCombinedClassifier`.
      linear_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_feature_columns: As for `DNNLinearCombinedClassifier`.
      dnn_optimizer: As for `DNNLinearCombinedClassifier`.
      dnn_hidden_units: As for `DNNLinearCombinedClassifier`.
      dnn_activation_fn: As for `DNNLinearCombinedClassifier`.
      dnn_dropout: As for `DNNLinearCombinedClassifier`.
      config: As for `DNNLinearCombinedClassifier`.
      batch_norm: As for `DNNLinearCombinedClassifier`.
      linear_sparse_combiner: As for `DNNLinearCombinedClassifier`.

    Raises:
      ValueError: There are no columns.
    """

    def __init__(
        self,
        head: Head,
        model_dir: Any = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Any = tf.nn.relu,
        dnn_dropout: float | None = None,
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
        super().__init__(_model_fn(head, parts), model_dir, config=config)


class DNNLinearCombinedRegressor(Estimator):
    """A wide and deep model for numbers.

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
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
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
        head = RegressionHead(label_dimension, weight_column, loss_reduction)
        model_fn = _model_fn(head, parts, loss_reduction)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
