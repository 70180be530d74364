"""The linear and deep models of TensorFlow 1, as functions from features to logits.

They make their variables in the variable scope in which they are called, whose partitioner they
use.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import dnn_model, linear_model, model_summaries
from estimator_compat.canned import feature_columns as columns_
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions
from estimator_compat.type_aliases import Features, Params, Tensor

LogitFn = Callable[..., Any]


def call_logit_fn(
    logit_fn: LogitFn, features: Features, mode: str, params: Params, config: Any
) -> Any:
    """Calls a function that builds logits, with the arguments that it has.

    Args:
      logit_fn: A function of `features` and, if it has these arguments, `mode`, `params` and
        `config`.
      features: The features.
      mode: One of `ModeKeys`.
      params: Hyperparameters.
      config: A `RunConfig`.

    Returns:
      The logits: a Tensor, or a dict of Tensors by the name of the head.

    Raises:
      ValueError: The function returned something else.
    """
    names = user_functions.argument_names(logit_fn)
    given = {"mode": mode, "params": params, "config": config}
    logits = logit_fn(features=features, **{k: v for k, v in given.items() if k in names})
    named = logits if isinstance(logits, dict) else {"logits": logits}
    if not all(isinstance(k, str) and isinstance(v, tf.Tensor) for k, v in named.items()):
        raise ValueError(
            "logit_fn should return a Tensor or a dictionary mapping strings to Tensors. logit_fn "
            f"returned: {logits!r:.200}; expected logits; let the function return them."
        )
    return logits


def linear_logit_fn_builder(
    units: int, feature_columns: Sequence[Any], sparse_combiner: str = "sum"
) -> LogitFn:
    """Returns a function from features to the logits of a linear model.

    Args:
      units: The number of logits of an example.
      feature_columns: The feature columns.
      sparse_combiner: How several values of a column are joined: "sum", "mean" or "sqrtn".
    """

    def linear_logit_fn(features: Features) -> Tensor:
        if columns_.are_of_version_2(feature_columns):
            model = linear_model.build(
                features,
                feature_columns,
                units=units,
                sparse_combiner=sparse_combiner,
                scope="linear_model",
            )
            model_summaries.write_linear(model.bias[0], units, model.weights)
            return model.logits
        made: dict[Any, Any] = {}
        logits = tf1.feature_column.linear_model(
            features,
            feature_columns,
            units=units,
            sparse_combiner=sparse_combiner,
            cols_to_vars=made,
        )
        bias = made.pop("bias")
        weights = [part for variables in made.values() for part in _parts(variables)]
        model_summaries.write_linear(_parts(bias)[0], units, weights)
        return logits

    return linear_logit_fn


def _parts(variables: Any) -> list[Any]:
    given = variables if isinstance(variables, list) else [variables]
    return [part for variable in given for part in columns_.parts(variable)]


def dnn_logit_fn_builder(
    units: int,
    hidden_units: Sequence[int],
    feature_columns: Sequence[Any],
    activation_fn: Any,
    dropout: float | None,
    input_layer_partitioner: Any,
    batch_norm: bool,
) -> LogitFn:
    """Returns a function from features and a mode to the logits of a deep model.

    Args:
      units: The number of logits of an example.
      hidden_units: The number of units of each hidden layer.
      feature_columns: The feature columns.
      activation_fn: The activation function of the hidden layers.
      dropout: The share of a hidden layer's outputs that training leaves out, or None.
      input_layer_partitioner: The partitioner of the columns' variables, or None.
      batch_norm: Whether a batch normalization follows each hidden layer.

    Raises:
      ValueError: `units` is not an integer.
    """
    dnn_model.check_units(units)

    def dnn_logit_fn(features: Features, mode: str) -> Tensor:
        training = mode == ModeKeys.TRAIN
        with tf1.variable_scope("input_from_feature_columns", partitioner=input_layer_partitioner):
            net = _input_layer(features, feature_columns, training=training)
        for index, count in enumerate(hidden_units):
            with tf1.variable_scope(f"hiddenlayer_{index}") as scope:
                net = _dense(net, count, activation_fn, scope)
                if dropout is not None and training:
                    net = tf1.layers.dropout(net, rate=dropout, training=True)
                if batch_norm:
                    net = tf1.layers.batch_normalization(
                        net, momentum=0.999, training=training, name=f"batchnorm_{index}"
                    )
            model_summaries.write_layer(net, scope.name)
        with tf1.variable_scope("logits") as scope:
            logits = _dense(net, units, None, scope)
        model_summaries.write_layer(logits, scope.name)
        return logits

    return dnn_logit_fn


def _input_layer(features: Features, columns: Sequence[Any], *, training: bool) -> Tensor:
    if not columns_.are_of_version_2(columns):
        return tf1.feature_column.input_layer(features, columns)
    layer = tf1.keras.layers.DenseFeatures(columns, name="input_layer")
    return layer(features, training=training)


def _dense(net: Tensor, units: int, activation: Any, scope: Any) -> Tensor:
    return tf1.layers.dense(
        net,
        units,
        activation=activation,
        kernel_initializer=tf1.glorot_uniform_initializer(),
        name=scope,
    )
