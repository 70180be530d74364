"""`DNNClassifier`, `DNNRegressor` and `DNNEstimator` of TensorFlow 1."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import feature_columns, logit_fns, optimizers, partitioners
from estimator_compat.canned.dnn_model import DeepLayers
from estimator_compat.heads import factories
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.type_aliases import Features, Labels, Tensor

_SUM = tf1.losses.Reduction.SUM
_LEARNING_RATE = 0.05


def scope(features: Features, config: Any) -> Any:
    """Returns the variable scope of a deep model."""
    return tf1.variable_scope(
        "dnn", values=tuple(features.values()), partitioner=partitioners.of_layers(config)
    )


def logits(
    features: Features,
    mode: str,
    units: int,
    layers: DeepLayers,
    input_layer_partitioner: Any,
    config: Any,
) -> Tensor:
    """Builds a deep model with its summaries in the current scope; returns its logits.

    Args:
      features: The features by name.
      mode: One of `ModeKeys`.
      units: The number of logits of an example.
      layers: The layers.
      input_layer_partitioner: The partitioner of the columns' variables; None for one of large
        variables.
      config: A `RunConfig`, or None.
    """
    logit_fn = logit_fns.dnn_logit_fn_builder(
        units=units,
        hidden_units=layers.hidden_units,
        feature_columns=layers.columns,
        activation_fn=layers.activation,
        dropout=layers.dropout,
        input_layer_partitioner=input_layer_partitioner or partitioners.of_inputs(config),
        batch_norm=layers.batch_norm,
    )
    made: Tensor = logit_fn(features=features, mode=mode)
    return made


def _model_fn(head: Any, optimizer: Any, partitioner: Any, layers: DeepLayers) -> Any:
    """Returns the model_fn of a deep model."""

    def model_fn(features: Features, labels: Labels, mode: str, config: Any) -> Any:
        chosen = optimizers.get_optimizer_instance(optimizer, _LEARNING_RATE)
        feature_columns.check_features(features)
        units = head.logits_dimension
        # The head's ops, too: from their scope come the names of the optimizer's slots.
        with scope(features, config):
            made = logits(features, mode, units, layers, partitioner, config)
            return head.create_estimator_spec(
                features=features, mode=mode, logits=made, labels=labels, optimizer=chosen
            )

    return model_fn


def _layers(
    hidden_units: Sequence[int], columns: Any, activation: Any, dropout: Any, batch_norm: bool
) -> DeepLayers:
    return DeepLayers(
        hidden_units=hidden_units,
        columns=tuple(columns or ()),
        activation=activation,
        dropout=dropout,
        batch_norm=batch_norm,
    )


class DNNClassifier(Estimator):
    """A deep model for one of several classes, whose loss is a sum.

    Args:
      hidden_units: The number of units of each hidden layer.
      feature_columns: The feature columns.
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, a dense feature column,
        or None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: A `tf.train.Optimizer`, its name, or a function that returns one.
      activation_fn: The activation function of the hidden layers.
      dropout: The share of a hidden layer's outputs that training leaves out, or None.
      input_layer_partitioner: The partitioner of the columns' variables; None for one of large
        variables.
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
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        batch_norm: bool = False,
    ) -> None:
        head = factories.binary_or_multi_class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction
        )
        layers = _layers(hidden_units, feature_columns, activation_fn, dropout, batch_norm)
        model_fn = _model_fn(head, optimizer, input_layer_partitioner, layers)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNEstimator(Estimator):
    """A deep model with a head of one's own.

    Args:
      head: A head of TensorFlow 1.
      hidden_units: As for `DNNClassifier`.
      feature_columns: As for `DNNClassifier`.
      model_dir: As for `DNNClassifier`.
      optimizer: As for `DNNClassifier`.
      activation_fn: As for `DNNClassifier`.
      dropout: As for `DNNClassifier`.
      input_layer_partitioner: As for `DNNClassifier`.
      config: As for `DNNClassifier`.
      warm_start_from: As for `DNNClassifier`.
      batch_norm: As for `DNNClassifier`.
    """

    def __init__(
        self,
        head: Any,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Any = tf.nn.relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        batch_norm: bool = False,
    ) -> None:
        layers = _layers(hidden_units, feature_columns, activation_fn, dropout, batch_norm)
        model_fn = _model_fn(head, optimizer, input_layer_partitioner, layers)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class DNNRegressor(Estimator):
    """A deep model for numbers, whose loss is a sum.

    Args:
      hidden_units: As for `DNNClassifier`.
      feature_columns: As for `DNNClassifier`.
      model_dir: As for `DNNClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `DNNClassifier`.
      optimizer: As for `DNNClassifier`.
      activation_fn: As for `DNNClassifier`.
      dropout: As for `DNNClassifier`.
      input_layer_partitioner: As for `DNNClassifier`.
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
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        batch_norm: bool = False,
    ) -> None:
        head = factories.canned_regression_head(weight_column, label_dimension, loss_reduction)
        layers = _layers(hidden_units, feature_columns, activation_fn, dropout, batch_norm)
        model_fn = _model_fn(head, optimizer, input_layer_partitioner, layers)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
