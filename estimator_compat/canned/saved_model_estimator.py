"""`SavedModelEstimator`: an Estimator whose model is a SavedModel."""

import os
import re
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from absl import logging

from estimator_compat import private_tensorflow
from estimator_compat.estimator import Estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime.warm_start import WarmStartSettings
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Tensor

_TAGS = {ModeKeys.TRAIN: "train", ModeKeys.EVAL: "eval", ModeKeys.PREDICT: "serve"}
_SIGNATURES = {
    ModeKeys.TRAIN: "train",
    ModeKeys.EVAL: "eval",
    ModeKeys.PREDICT: tf1.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY,
}
_METHODS = {
    ModeKeys.TRAIN: "tensorflow/supervised/training",
    ModeKeys.EVAL: "tensorflow/supervised/eval",
}
_TRAIN_OP = "saved_model_train_op"
_INIT_OPS = (tf1.saved_model.MAIN_OP_KEY, tf1.saved_model.LEGACY_INIT_OP_KEY)


class SavedModelEstimator(Estimator):
    """An Estimator that trains, evaluates and predicts with the graphs of a SavedModel.

    The SavedModel is one of `experimental_export_all_saved_models` or `export_saved_model`. Its
    inputs are the features and labels by their names in the signature. It begins with the
    SavedModel's variables, unless `model_dir` has a checkpoint.

    Args:
      saved_model_dir: The folder of the SavedModel.
      model_dir: The folder of new checkpoints and summaries.
    """

    def __init__(self, saved_model_dir: Any, model_dir: Any = None) -> None:
        checkpoint = os.path.join(tf.compat.as_str(saved_model_dir), "variables", "variables")
        # Whole names: a variable that two expressions match would be warm-started twice.
        names = [
            rf"{re.escape(name)}(/part_\d+)?:0$" for name, _ in tf.train.list_variables(checkpoint)
        ]
        super().__init__(
            self._load,
            model_dir,
            warm_start_from=WarmStartSettings(checkpoint, vars_to_warm_start=names),
        )
        self.saved_model_dir = saved_model_dir
        self.saved_model_loader = private_tensorflow.saved_model_loader(saved_model_dir)
        self._signatures = {mode: one for mode in _TAGS if (one := self._find_signature(mode))}
        logging.info("Available modes for Estimator: %s", list(self._signatures))

    def _find_signature(self, mode: str) -> Any:
        """Returns the signature of a mode, or None if the SavedModel lacks it."""
        try:
            meta = self.saved_model_loader.get_meta_graph_def_from_tags([_TAGS[mode]])
        except RuntimeError:
            logging.warning("%s mode not found in SavedModel.", mode)
            return None
        return meta.signature_def.get(_SIGNATURES[mode])

    def _create_global_step(self) -> None:
        """Makes none: the SavedModel has the global step."""

    def _load(self, features: Features, labels: Labels, mode: str) -> Any:
        """Loads the graph of a mode into the default graph; it is the model_fn."""
        signature = self._signatures.get(mode)
        if signature is None:
            raise RuntimeError(
                f"{mode} mode is not available in the SavedModel. It has {list(self._signatures)}; "
                "export it with `experimental_export_all_saved_models`."
            )
        graph = tf1.get_default_graph()
        if tf1.train.get_global_step(graph) is not None:
            raise RuntimeError(
                "Graph must not contain a global step tensor before the SavedModel is loaded; "
                "expected the SavedModel's; make no global step in the input_fn."
            )
        names = [info.name for info in signature.outputs.values()]
        _, tensors = self.saved_model_loader.load_graph(
            graph,
            [_TAGS[mode]],
            input_map=_input_map(signature, features, labels),
            return_elements=names,
        )
        tf1.train.assert_global_step(tf1.train.get_global_step(graph))
        found = dict(zip(names, tensors, strict=True))
        outputs = {key: found[info.name] for key, info in signature.outputs.items()}
        return _spec(mode, outputs, signature.method_name)


def _by_name(tensors: Any, name: str) -> dict[str, Any]:
    return dict(tensors) if isinstance(tensors, Mapping) else {name: tensors}


def _input_map(signature: Any, features: Features, labels: Labels) -> dict[str, Any]:
    """Returns the tensor that stands for each input of the SavedModel's graph."""
    given = {} if labels is None else _by_name(labels, "label")
    given |= _by_name(features, "feature")
    result: dict[str, Any] = {}
    for key, info in signature.inputs.items():
        if key not in given:
            raise ValueError(
                f'Key "{key}" not found in features or labels passed in to the model function. '
                f"All required keys: {list(signature.inputs)}; let the input_fn return them."
            )
        _check_same(given[key], info, key)
        name = info.name.partition(":")[0]
        # Other operations may wait for the input, too.
        result[name] = result[f"^{name}"] = given[key]
    return result


def _check_same(tensor: Any, info: Any, key: str) -> None:
    dtype, shape = tf.as_dtype(info.dtype), tf.TensorShape(info.tensor_shape)
    if tensor.dtype != dtype or not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"Tensor shape and/or dtype validation failed for input {key}: expected dtype {dtype} "
            f"and shape {shape}, got {tensor.dtype} and {tensor.shape}; let the input_fn return "
            "what the SavedModel takes."
        )


def _spec(mode: str, outputs: dict[str, Tensor], method: str) -> EstimatorSpec:
    """Returns the EstimatorSpec of a loaded graph, and empties what a new export would fill."""
    init_ops = [op for key in _INIT_OPS for op in tf1.get_collection(key)]
    train_ops = tf1.get_collection(_TRAIN_OP)
    if len(train_ops) > 1:
        raise RuntimeError(
            f"Multiple ops found in the train_op collection: {train_ops}; expected one; export the "
            "model again."
        )
    for key in (tf1.saved_model.ASSETS_KEY, *_INIT_OPS, _TRAIN_OP):
        tf1.get_collection_ref(key).clear()
    loss, metrics, predictions = None, None, outputs
    if mode != ModeKeys.PREDICT:
        if method != _METHODS[mode]:
            raise RuntimeError(
                f"Invalid SignatureDef method name for mode {mode}: {method}; expected "
                f"{_METHODS[mode]}; export the model with `experimental_export_all_saved_models`."
            )
        loss, metrics = outputs["loss"], _metrics(outputs)
        predictions = {
            key: value for key, value in outputs.items() if key.split("/")[0] == "predictions"
        }
    return EstimatorSpec(
        mode=mode,
        loss=loss,
        train_op=train_ops[0] if train_ops else None,
        predictions=predictions,
        eval_metric_ops=metrics,
        scaffold=tf1.train.Scaffold(local_init_op=init_ops[0] if init_ops else None),
    )


def _metrics(outputs: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Returns the metrics among the outputs, whose value and update op are both there."""
    found = {}
    for key, value in outputs.items():
        name, _, part = key.rpartition("/")
        if key.startswith("metrics/") and part == "value" and f"{name}/update_op" in outputs:
            found[name] = (value, outputs[f"{name}/update_op"])
    return found
