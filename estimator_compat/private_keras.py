"""Every private member of tf_keras that this project uses, each with its reason.

`model_to_estimator` was a part of Keras: it uses the graph-mode model of Keras 2, whose public
methods `fit` and `evaluate` hide the tensors that an EstimatorSpec needs. Keras kept the functions
that it had for `model_to_estimator` under `tf_keras.__internal__`.
"""

import importlib
from typing import Any

import tensorflow as tf


def _internal(name: str) -> Any:
    return getattr(importlib.import_module("tf_keras").__internal__, name)


def is_graph_network(model: Any) -> bool:
    """Tells whether a model has a graph of layers: it is functional, or a built Sequential."""
    return bool(model._is_graph_network)


def clone(model: Any, input_tensors: Any, target_tensors: Any, **settings: Any) -> Any:
    """Builds a model once more in the default graph, and compiles it with the same settings."""
    return _internal("models").clone_and_build_model(
        model, input_tensors, target_tensors, **settings
    )


def restore_subclassed(model: Any) -> None:
    """Gives a subclassed model back what `clone` took from it, if `clone` had to reset it."""
    if getattr(model, "_original_attributes_cache", None) is not None:
        _internal("models").in_place_subclassed_model_state_restoration(model)


def track_variable(variable: tf.Variable) -> None:
    """Tells Keras that a variable is its own, to initialize it with the others."""
    _internal("backend").track_variable(variable)


def initialize_variables(session: Any) -> None:
    """Initializes the variables of Keras in the default graph that have no value yet."""
    _internal("backend").initialize_variables(session)


def legacy_optimizer(optimizer: Any) -> Any:
    """Converts an optimizer of Keras to one of `tf_keras.optimizers.legacy`."""
    return _internal("optimizers").convert_to_legacy_optimizer(optimizer)


def weight_losses(model: Any, sample_weights: Any) -> None:
    """Computes the losses and weighted metrics of a model once more, with weights."""
    model._compile_weights_loss_and_weighted_metrics(sample_weights)


def train_op(model: Any) -> Any:
    """Builds a model's training step, and returns its operation."""
    model._make_train_function()
    return model.train_function.updates_op


def make_test_function(model: Any) -> None:
    """Builds a model's evaluation, which updates its metrics."""
    model._make_test_function()


def compiled_metrics(model: Any) -> list[Any] | None:
    """Returns the metrics that a model was compiled with; None if it has none.

    The public `metrics` has those of `add_metric`, too.
    """
    if not getattr(model, "_compile_metrics", None):
        return None
    return list(model._compile_metric_functions)


def track(model: Any, value: Any, name: str) -> None:
    """Makes an object a part of a model's checkpoints."""
    model._track_trackable(value, name)


def saveables(root: Any) -> Any:
    """Returns what a `tf.train.Checkpoint` of an object saves, under its keys, for a Saver.

    TensorFlow has it for `model_to_estimator`. `tf.train.Checkpoint` has no public way to it.
    """
    return tf.__internal__.tracking.ObjectGraphView(root).frozen_saveable_objects()


def is_initialized(model: Any) -> bool:
    """Tells whether any weight of a model has its value.

    Outside of graphs all weights have.
    """
    if tf.compat.v1.executing_eagerly_outside_functions():
        return True
    return any(
        hasattr(weight, "_keras_initialized") for layer in model.layers for weight in layer.weights
    )
