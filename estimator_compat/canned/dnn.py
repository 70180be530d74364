"""`DNNClassifier`, `DNNRegressor` and `DNNEstimator` of TensorFlow 2."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from estimator_compat.canned import dnn_model, feature_columns, heads, optimizers
from estimator_compat.canned.dnn_model import DeepLayers
from estimator_compat.estimator import Estimator
from estimator_compat.heads.base import Head
from estimator_compat.heads.regression import RegressionHead
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels

_MEAN = tf.losses.Reduction.SUM_OVER_BATCH_SIZE


def _model_fn(
    head: Head,
    hidden_units: Sequence[int],
    columns: Any,
    optimizer: Any,
    activation: Any,
    dropout: float | None,
    batch_norm: bool,
) -> Any:
    """Returns the model_fn of a deep model."""
    layers = DeepLayers(
        hidden_units=hidden_units,
        columns=tuple(columns or ()),
        activation=activation,
        dropout=dropout,
        batch_norm=batch_norm,
    )

    def model_fn(features: Features, labels: Labels, mode: str) -> Any:
        feature_columns.check_features(features)
        model = dnn_model.build(features, mode, head.logits_dimension, layers)
        chosen = None
        if mode == ModeKeys.TRAIN:
            chosen = optimizers.counting_steps(optimizers.keras_optimizer(optimizer))
        return head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=model.logits,
            labels=labels,
            optimizer=chosen,
            trainable_variables=model.variables,
            update_ops=model.update_ops,
        )

    return model_fn


class DNNClassifier(Estimator):
    """A deep model for one of several classes.

    Args:
      hidden_units: The number of units of each hidden layer.
      feature_columns: The feature columns.
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, its numeric column, or
        None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: An optimizer of `tf.keras.optimizers.legacy`, its name, or a function that returns
        one.
      activation_fn: The activation function of the hidden layers.
      dropout: The share of a hidden layer's outputs that training leaves out, or None.
      config: A `RunConfig`.
      warm_start_from: A checkpoint or a `WarmStartSettings`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      batch_norm: Whether a batch normalization follows each hidden layer.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Adagrad",
        activation_fn: Any = tf.nn.relu,
        dropout: float | None = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
        batch_norm: bool = False,
    ) -> None:
        head = heads.classifier(n_classes, weight_column, label_vocabulary, loss_reduction)
        model_fn = _model_fn(
            head, hidden_units, feature_columns, optimizer, activation_fn, dropout, batch_norm
        )
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNEstimator(Estimator):
    """A deep model with a head of one's own.

    Args:
      head: A head of TensorFlow 2.
      hidden_units: As for `DNNClassifier`.
      feature_columns: As for `DNNClassifier`.
      model_dir: As for `DNNClassifier`.
      optimizer: As for `DNNClassifier`.
      activation_fn: As for `DNNClassifier`.
      dropout: As for `DNNClassifier`.
      config: As for `DNNClassifier`.
      warm_start_from: As for `DNNClassifier`.
      batch_norm: As for `DNNClassifier`.
    """

    def __init__(
        self,
        head: Head,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Any = tf.nn.relu,
        dropout: float | None = None,
        config: Any = None,
        warm_start_from: Any = None,
        batch_norm: bool = False,
    ) -> None:
        model_fn = _model_fn(
            head, hidden_units, feature_columns, optimizer, activation_fn, dropout, batch_norm
        )
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNRegressor(Estimator):
    """A deep model for numbers.

    Args:
      hidden_units: As for `DNNClassifier`.
      feature_columns: As for `DNNClassifier`.
      model_dir: As for `DNNClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `DNNClassifier`.
      optimizer: As for `DNNClassifier`.
      activation_fn: As for `DNNClassifier`.
      dropout: As for `DNNClassifier`.
      config: As for `DNNClassifier`.
      warm_start_from: As for `DNNClassifier`.
      loss_reduction: As for `DNNClassifier`.
      batch_norm: As for `DNNClassifier`.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Any = tf.nn.relu,
        dropout: float | None = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _MEAN,
        batch_norm: bool = False,
    ) -> None:
        head = RegressionHead(label_dimension, weight_column, loss_reduction)
        model_fn = _model_fn(
            head, hidden_units, feature_columns, optimizer, activation_fn, dropout, batch_norm
        )
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
