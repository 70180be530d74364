"""The deep model of canned estimators of TensorFlow 2: dense layers on feature columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat.canned import feature_columns, model_summaries
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Operation, Tensor, Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLayers:
    """The layers of a deep model.

    Attributes:
      hidden_units: The number of units of each hidden layer.
      columns: The feature columns.
      activation: The activation function of the hidden layers.
      dropout: The share of a hidden layer's outputs that training leaves out, or None.
      batch_norm: Whether a batch normalization follows each hidden layer.
    """

    hidden_units: Sequence[int]
    columns: Sequence[Any]
    activation: Any
    dropout: float | None
    batch_norm: bool


class DeepModel(NamedTuple):
    """A deep model in a graph.

    Attributes:
      logits: `[batch, units]`.
      variables: The variables that an optimizer trains.
      update_ops: The ops that update the averages of batch normalizations.
    """

    logits: Tensor
    variables: list[Variable]
    update_ops: list[Operation]


def check_units(units: Any) -> None:
    """Raises ValueError if the number of logits is not an integer."""
    if not isinstance(units, int):
        raise ValueError(
            f"units must be an int. Given type: {type(units)}; expected the number of logits of an "
            "example; pass head.logits_dimension."
        )


def build(features: Features, mode: str, units: int, layers: DeepLayers) -> DeepModel:
    """Builds a deep model with its summaries.

    Args:
      features: The features by name.
      mode: One of `ModeKeys`.
      units: The number of logits of an example.
      layers: The layers.

    Raises:
      ValueError: A column is of a class of TensorFlow 1, or `units` is not an integer.
    """
    check_units(units)
    feature_columns.check_version_2(layers.columns)
    training = mode == ModeKeys.TRAIN
    used: list[Any] = []

    def apply(layer: Any, *inputs: Any, **how: Any) -> Tensor:
        used.append(layer)
        return layer(*inputs, **how)

    with tf1.name_scope("dnn"):
        name = "input_from_feature_columns/input_layer"
        first = tf_keras.layers.DenseFeatures(list(layers.columns), name=name)
        net = apply(first, features, training=training)
        for index, count in enumerate(layers.hidden_units):
            scope = f"hiddenlayer_{index}"
            net = apply(_dense(scope, count, layers.activation), net)
            if layers.dropout is not None and training:
                net = apply(tf_keras.layers.Dropout(layers.dropout), net, training=True)
            if layers.batch_norm:
                norm = tf_keras.layers.BatchNormalization(
                    momentum=0.999, name=f"{scope}/batchnorm_{index}"
                )
                net = apply(norm, net, training=training)
            model_summaries.write_layer(net, scope)
        logits = apply(_dense("logits", units, None), net)
        model_summaries.write_layer(logits, "logits")
    variables = [variable for layer in used for variable in layer.trainable_variables]
    updates = [update for layer in used for update in layer.updates]
    return DeepModel(logits, variables, updates)


def _dense(name: str, units: int, activation: Any) -> Any:
    return tf_keras.layers.Dense(
        units,
        activation=activation,
        kernel_initializer=tf1.glorot_uniform_initializer(),
        name=name,
    )
