"""`LinearClassifier`, `LinearRegressor` and `LinearEstimator` of TensorFlow 2."""

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tf_keras

from estimator_compat.canned import feature_columns as columns_
from estimator_compat.canned import (
    heads,
    linear_model,
    linear_sdca,
    model_summaries,
    optimizers,
)
from estimator_compat.estimator import Estimator
from estimator_compat.heads.base import Head
from estimator_compat.heads.regression import RegressionHead
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Tensor, Variable

_MEAN = tf.losses.Reduction.SUM_OVER_BATCH_SIZE
LEARNING_RATE = 0.2


def default_rate(columns: Sequence[Any], most: float = LEARNING_RATE) -> float:
    """Returns the learning rate of a linear model, which falls with the number of its columns."""
    return min(most, 1.0 / math.sqrt(len(columns)))


def logits(
    features: Features, columns: Any, *, units: int, sparse_combiner: str
) -> tuple[Tensor, list[Variable]]:
    """Builds a linear model with its summaries; returns its logits and variables.

    Args:
      features: The features by name.
      columns: The feature columns of TensorFlow 2.
      units: The number of logits of an example.
      sparse_combiner: "sum", "mean" or "sqrtn".

    Raises:
      ValueError: A column is of a class of TensorFlow 1.
    """
    columns_.check_version_2(columns)
    model = linear_model.build(
        features,
        columns,
        units=units,
        sparse_combiner=sparse_combiner,
        scope="linear/linear_model",
    )
    model_summaries.write_linear(model.bias[0], units, model.weights)
    return model.logits, [*model.weights, *model.bias]


def _model_fn(head: Head, columns: Any, optimizer: Any, sparse_combiner: str) -> Any:
    """Returns the model_fn of a linear model."""
    columns = tuple(columns or ())

    def model_fn(features: Features, labels: Labels, mode: str) -> Any:
        columns_.check_features(features)
        if isinstance(optimizer, linear_sdca.LinearSDCA):
            assert sparse_combiner == "sum", "LinearSDCA joins values by their sum"
            columns_.check_version_2(columns)
            return linear_sdca.create_estimator_spec(
                features,
                labels,
                mode,
                head=head,
                columns=columns,
                optimizer=optimizer,
                scope="linear/linear_model",
            )
        made, variables = logits(
            features, columns, units=head.logits_dimension, sparse_combiner=sparse_combiner
        )
        chosen = None
        if mode == ModeKeys.TRAIN:
            given = optimizer or tf_keras.optimizers.legacy.Ftrl(default_rate(columns))
            chosen = optimizers.counting_steps(optimizers.keras_optimizer(given, LEARNING_RATE))
        return head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=made,
            labels=labels,
            optimizer=chosen,
            trainable_variables=variables,
        )

    return model_fn


class LinearClassifier(Estimator):
    """A linear model for one of several classes.

    Args:
      feature_columns: The feature columns.
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, its numeric column, or
        None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: An optimizer of `tf.keras.optimizers.legacy`, its name, a function that returns
        one, or a `LinearSDCA`.
      config: A `RunConfig`.
      warm_start_from: A checkpoint or a `WarmStartSettings`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      sparse_combiner: How several values of a column are joined: "sum", "mean" or "sqrtn".

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
        sparse_combiner: str = "sum",
    ) -> None:
        linear_sdca.check_classifier(optimizer, feature_columns, n_classes, sparse_combiner)
        head = heads.classifier(n_classes, weight_column, label_vocabulary, loss_reduction)
        model_fn = _model_fn(head, feature_columns, optimizer, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class LinearEstimator(Estimator):
    """A linear model with a head of one's own.

    Args:
      head: A head of TensorFlow 2.
      feature_columns: As for `LinearClassifier`.
      model_dir: As for `LinearClassifier`.
      optimizer: As for `LinearClassifier`.
      config: As for `LinearClassifier`.
      sparse_combiner: As for `LinearClassifier`.
      warm_start_from: As for `LinearClassifier`.
    """

    def __init__(
        self,
        head: Head,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        sparse_combiner: str = "sum",
        warm_start_from: Any = None,
    ) -> None:
        model_fn = _model_fn(head, feature_columns, optimizer, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class LinearRegressor(Estimator):
    """A linear model for numbers.

    Args:
      feature_columns: As for `LinearClassifier`.
      model_dir: As for `LinearClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `LinearClassifier`.
      optimizer: As for `LinearClassifier`.
      config: As for `LinearClassifier`.
      warm_start_from: As for `LinearClassifier`.
      loss_reduction: As for `LinearClassifier`.
      sparse_combiner: As for `LinearClassifier`.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
        sparse_combiner: str = "sum",
    ) -> None:
        linear_sdca.check_regressor(optimizer, feature_columns, label_dimension, sparse_combiner)
        head = RegressionHead(label_dimension, weight_column, loss_reduction)
        model_fn = _model_fn(head, feature_columns, optimizer, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
