"""`model_to_estimator`: makes an Estimator of a compiled Keras model."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import legacy_estimator, private_keras
from estimator_compat.config import RunConfig, complete_config
from estimator_compat.estimator import Estimator
from estimator_compat.keras_models import first_checkpoint
from estimator_compat.keras_models.model_functions import KerasModel, model_function
from estimator_compat.runtime import sessions

logging = tf1.logging
_OBJECTS, _NAMES = "checkpoint", "saver"


def model_to_estimator(
    keras_model: Any = None,
    keras_model_path: str | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    model_dir: Any = None,
    config: RunConfig | None = None,
    checkpoint_format: str | None = _OBJECTS,
    metric_names_map: Mapping[str, str] | None = None,
    export_outputs: Mapping[str, Any] | None = None,
) -> Estimator:
    """Makes an Estimator of a compiled model of Keras 2, as `tf.keras.estimator` did.

    The model is built once more in each graph. Its weights are saved to the folder `keras` of the
    model_dir, from which the first training starts. As after the original's, Keras takes the model
    itself for one of graphs from then on: its `fit` and `predict` fail outside of graphs.

    Args:
      keras_model: A model of `tf_keras`, compiled.
      keras_model_path: The path of a saved model, instead of `keras_model`.
      custom_objects: Classes of layers by name, for cloning.
      model_dir: As for `Estimator`.
      config: As for `Estimator`.
      checkpoint_format: `checkpoint` for the keys of `tf.train.Checkpoint`, or `saver` for names of
        variables. A subclassed model needs `saver`.
      metric_names_map: New names of the metrics, by the names that the model gives them.
      export_outputs: Classes of `estimator_compat.export` by the names of the model's outputs.

    Returns:
      The Estimator. Its input_fns return the model's inputs, or a dict of `features` and
      `sample_weights`, and the targets.

    Raises:
      ValueError: There is no model or there are two, it is not compiled, or it is one of Keras 3.
    """
    estimator: Estimator = _estimator(
        Estimator,
        keras_model,
        keras_model_path,
        custom_objects,
        model_dir,
        config,
        checkpoint_format,
        metric_names_map,
        export_outputs,
    )
    return estimator


def model_to_estimator_v1(
    keras_model: Any = None,
    keras_model_path: str | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    model_dir: Any = None,
    config: RunConfig | None = None,
    checkpoint_format: str | None = _NAMES,
    metric_names_map: Mapping[str, str] | None = None,
    export_outputs: Mapping[str, Any] | None = None,
) -> legacy_estimator.Estimator:
    """Makes an Estimator of TensorFlow 1 of a model, whose checkpoints have names of variables.

    See `model_to_estimator`.
    """
    estimator: legacy_estimator.Estimator = _estimator(
        legacy_estimator.Estimator,
        keras_model,
        keras_model_path,
        custom_objects,
        model_dir,
        config,
        checkpoint_format,
        metric_names_map,
        export_outputs,
    )
    return estimator


def _estimator(
    cls: type,
    model: Any,
    path: str | None,
    custom_objects: Mapping[str, Any] | None,
    model_dir: Any,
    config: RunConfig | None,
    checkpoint_format: str | None,
    metric_names_map: Mapping[str, str] | None,
    export_outputs: Mapping[str, Any] | None,
) -> Any:
    _check_one(model, path)
    if model:
        _check_keras_2(model)
        _check_can_be_cloned(model, custom_objects)
    config = complete_config(config, model_dir)
    if model:
        logging.info("Using the Keras model provided.")
    else:
        logging.info("Loading models from %s", path)
        model = tf.keras.models.load_model(path)
    is_object_based = _is_object_based(model, checkpoint_format)
    _check_compiled(model)
    keras_model = KerasModel(
        model=model,
        custom_objects=custom_objects,
        optimizer_config=_optimizer_config(model),
        is_object_based=is_object_based,
        metric_names_map=metric_names_map,
        export_outputs=export_outputs,
    )
    _share_session_config(model, config)
    warm_start_from = None
    if private_keras.is_graph_network(model) and config.is_chief:
        warm_start_from = first_checkpoint.save(keras_model, config)
    elif model.built:
        logging.warning(
            "You are creating an Estimator from a Keras model manually subclassed from `Model`, "
            "that was already called on some inputs (and thus already had weights). The Estimator "
            "starts from new initial weights; the model keeps its own."
        )
    return cls(model_function(keras_model), config=config, warm_start_from=warm_start_from)


def _check_one(model: Any, path: str | None) -> None:
    if not (model or path):
        raise ValueError(
            "Either `keras_model` or `keras_model_path` needs to be provided. Given: neither; "
            "expected a compiled model; pass one of them."
        )
    if model and path:
        raise ValueError(
            "Please specity either `keras_model` or `keras_model_path`, but not both. Given: "
            f"{model!r:.200} and {path!r}; leave one out."
        )


def _check_keras_2(model: Any) -> None:
    if isinstance(model, tf.keras.Model) and hasattr(model, "_is_graph_network"):
        return
    raise ValueError(
        f"`keras_model` ({model!r:.200}) is not a model of Keras 2, but of "
        f"{type(model).__module__}.{type(model).__name__}; expected a tf_keras.Model, since only "
        "Keras 2 builds models in a graph; import estimator_compat before tf.keras is used, or "
        "build the model with tf_keras."
    )


def _is_sequential(model: Any) -> bool:
    return isinstance(model, tf.keras.models.Sequential)


def _check_can_be_cloned(model: Any, custom_objects: Mapping[str, Any] | None) -> None:
    if private_keras.is_graph_network(model) or _is_sequential(model):
        return
    try:
        with tf.keras.utils.CustomObjectScope(dict(custom_objects or {})):
            type(model).from_config(model.get_config())
    except NotImplementedError as error:
        raise ValueError(
            "Subclassed `Model`s passed to `model_to_estimator` must implement `Model.get_config` "
            f"and `Model.from_config`. Given: {type(model)}; expected both; define them."
        ) from error


def _is_object_based(model: Any, checkpoint_format: str | None) -> bool:
    if checkpoint_format == _NAMES:
        return False
    if checkpoint_format not in (None, _OBJECTS):
        raise ValueError(
            'Checkpoint format must be one of "checkpoint" or "saver". Got '
            f"{checkpoint_format!r}; leave it out for the default."
        )
    if not (private_keras.is_graph_network(model) or _is_sequential(model)):
        raise ValueError(
            "Object-based checkpoints are currently not supported with subclassed models. Given: "
            f"{type(model)}; expected names of variables; pass `checkpoint_format='saver'`."
        )
    return True


def _check_compiled(model: Any) -> None:
    if not getattr(model, "optimizer", None):
        raise ValueError(
            "The given keras model has not been compiled yet. It has no optimizer; expected a loss "
            "and an optimizer; please compile the model with `model.compile()` before calling "
            "`model_to_estimator()`."
        )


def _optimizer_config(model: Any) -> Any:
    """Returns the configuration of a model's optimizer, and converts one that graphs cannot run.

    A custom optimizer or one of TensorFlow 1 has no configuration: it is None.
    """
    if isinstance(model.optimizer, tf.keras.optimizers.experimental.Optimizer):
        if not tf.executing_eagerly():
            raise ValueError(
                "Please set your optimizer as an instance of `tf.keras.optimizers.legacy.Optimizer`"
                ", e.g., `tf.keras.optimizers.legacy.Adam`. Received optimizer type: "
                f"{type(model.optimizer)}; compile the model with the legacy one."
            )
        logging.warning(
            "You are using `tf.keras.optimizers.experimental.Optimizer` in TF estimator, which "
            "only supports `tf.keras.optimizers.legacy.Optimizer`. Your optimizer is converted."
        )
        model.optimizer = private_keras.legacy_optimizer(model.optimizer)
    try:
        if isinstance(model.optimizer, list | tuple):
            return [optimizer.get_config() for optimizer in model.optimizer]
        return model.optimizer.get_config()
    except (NotImplementedError, AttributeError):
        return None


def _share_session_config(model: Any, config: Any) -> None:
    """Gives the session of Keras the RunConfig's settings, unless Keras has used a session."""
    if not private_keras.is_initialized(model):
        tf1.keras.backend.set_session(sessions.plain(config))
    elif config.session_config.HasField("gpu_options"):
        logging.warning(
            "The Keras backend session has already been set. The _session_config passed to "
            "model_to_estimator will not be used."
        )
