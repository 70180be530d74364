"""The model_fn of a compiled Keras model: the model, built once more in the graph of the mode."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_keras
from estimator_compat.export.outputs import PredictOutput
from estimator_compat.keras_models import tensors
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import sessions
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Tensor

_SERVED = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
GLOBAL_STEP = "estimator_global_step"  # its name in an object-based checkpoint


class KerasModel(NamedTuple):
    """A compiled Keras model, and how an Estimator is made of it.

    Attributes:
      model: The model.
      custom_objects: Classes of layers by name, for cloning; None for none.
      optimizer_config: The configuration of its optimizer, a list of them, or None.
      is_object_based: Whether checkpoints have the keys of `tf.train.Checkpoint`.
      metric_names_map: New names of metrics by the model's, or None.
      export_outputs: Classes of outputs by the names of the model's outputs, or None.
    """

    model: Any
    custom_objects: Mapping[str, Any] | None
    optimizer_config: Any
    is_object_based: bool
    metric_names_map: Mapping[str, str] | None
    export_outputs: Mapping[str, Any] | None


def build_clone(
    keras_model: KerasModel, mode: str, features: Features = None, labels: Labels = None
) -> Any:
    """Builds the model in the default graph, and compiles it unless the mode is PREDICT.

    Args:
      keras_model: The model.
      mode: One of `ModeKeys`.
      features: As an input_fn gives them; None for placeholders.
      labels: As an input_fn gives them; None for placeholders.
    """
    tf.keras.backend.set_learning_phase(mode == ModeKeys.TRAIN)
    given = tensors.model_tensors(keras_model.model, features, labels)
    global_step = None
    if mode != ModeKeys.PREDICT:
        global_step = tf1.train.get_or_create_global_step()
        private_keras.track_variable(global_step)
    clone = private_keras.clone(
        keras_model.model,
        given.inputs,
        given.targets,
        custom_objects=keras_model.custom_objects,
        compile_clone=mode != ModeKeys.PREDICT,
        in_place_reset=not private_keras.is_graph_network(keras_model.model),
        optimizer_iterations=global_step,
        optimizer_config=keras_model.optimizer_config,
    )
    if given.sample_weights is not None and mode != ModeKeys.PREDICT:
        weights = tensors.weights_by_output(given.sample_weights, clone.output_names)
        private_keras.weight_losses(clone, weights)
    return clone


def model_function(keras_model: KerasModel) -> Callable[..., EstimatorSpec]:
    """Returns the model_fn of a Keras model."""

    def model_fn(features: Features, labels: Labels, mode: str) -> EstimatorSpec:
        model = build_clone(keras_model, mode, features, labels)
        predictions = dict(zip(_output_names(model), model.outputs, strict=False))
        loss, train_op, metrics = None, None, None
        if mode != ModeKeys.PREDICT:
            if mode == ModeKeys.TRAIN:
                train_op = private_keras.train_op(model)
            else:
                private_keras.make_test_function(model)
            loss = model.total_loss
            metrics = _metrics(model, keras_model.metric_names_map)
        if not private_keras.is_graph_network(model):
            private_keras.restore_subclassed(keras_model.model)
        return EstimatorSpec(
            mode=mode,
            predictions=predictions,
            loss=loss,
            train_op=train_op,
            eval_metric_ops=metrics,
            export_outputs=_export_outputs(model, predictions, keras_model.export_outputs),
            scaffold=_scaffold(model) if keras_model.is_object_based else None,
        )

    return model_fn


def _output_names(model: Any) -> list[str]:
    """Returns the names of a model's outputs; those of all replicas are the same."""
    names: list[str] = model.output_names
    if not tf.distribute.has_strategy():
        return names
    return [re.sub(r"_\d$", "", name) for name in names]


def _metrics(model: Any, names_map: Mapping[str, str] | None) -> dict[str, Any] | None:
    """Returns the metrics that a model was compiled with, by name."""
    metrics = private_keras.compiled_metrics(model)
    if metrics is None:
        return None
    if not names_map:
        return {metric.name: metric for metric in metrics}
    names = [metric.name for metric in metrics]
    unnamed = sorted(set(names) - set(names_map))
    if unnamed:
        raise ValueError(
            f"Invalid `metric_names_map`. The following keras model metric names: {unnamed} do "
            f"not exist in it; expected a name for each of {names}; add them."
        )
    extra = sorted(set(names_map) - set(names))
    if extra:
        raise ValueError(
            "Invalid `metric_names_map`. There are unexpected keys in it: "
            f"{extra}; expected {names}; leave the others out."
        )
    return {names_map[metric.name]: metric for metric in metrics}


def track_global_step(model: Any) -> None:
    """Makes the global step a part of a model's object-based checkpoints."""
    private_keras.track(model, tf1.train.get_global_step(), GLOBAL_STEP)


def _scaffold(model: Any) -> Any:
    """Returns a Scaffold whose checkpoints have the keys of `tf.train.Checkpoint`."""
    track_global_step(model)
    return sessions.scaffold_saving(private_keras.saveables(model))


def _export_outputs(
    model: Any, predictions: Mapping[str, Tensor], classes: Mapping[str, Any] | None
) -> dict[str, Any]:
    outputs: dict[str, Any] = {_SERVED: PredictOutput(dict(predictions))}
    if classes is not None:
        missing = sorted(set(classes) - set(model.output_names))
        if missing:
            raise tensors.MissingKeysError(
                f"The list passed into {model.output_names} does not cover requested "
                f"{sorted(classes)} keys defined in the keras model. Missed keys: {missing}. Name "
                "the outputs of `export_outputs` as the model does."
            )
        outputs.update({name: cls(predictions[name]) for name, cls in classes.items()})
    return outputs
