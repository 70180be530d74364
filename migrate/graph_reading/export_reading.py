"""Reads what a program exports: the signatures of its SavedModels, and what they take."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.runtime import sessions
from migrate.targets import Built
from migrate.translating.training_facts import ExportFact

_EXPORTING = (
    "export_saved_model",
    "export_savedmodel",
    "FinalExporter",
    "LatestExporter",
    "BestExporter",
)


def read(names: Mapping[str, Any], module: str, source: str, built: Built) -> ExportFact | None:
    """Reads the exports of a program; None if it has none.

    Args:
      names: The global names of the model_fn's module.
      module: The name of the module.
      source: Its source.
      built: The PREDICT graph.
    """
    outputs = built.spec.export_outputs
    receiver = _receiver(names, module)
    is_exported = "export_outputs" in source or any(name in source for name in _EXPORTING)
    if not outputs or (receiver is None and not is_exported):
        return None
    signatures = tuple(outputs)
    if receiver is None:
        return ExportFact(signatures=signatures)
    inputs = {name: _spec(tensor) for name, tensor in receiver.receiver_tensors.items()}
    named = {id(tensor): name for name, tensor in receiver.receiver_tensors.items()}
    features = receiver.features
    if isinstance(features, Mapping):
        passed: Any = {name: named.get(id(one), "") for name, one in features.items()}
        is_direct = all(passed.values())
    else:
        passed = named.get(id(features), "")
        is_direct = bool(passed)
    if is_direct and all(inputs.values()):
        return ExportFact(signatures=signatures, inputs=inputs, passed=passed)
    examples = _examples(features) if isinstance(features, Mapping) and len(inputs) == 1 else {}
    if examples:
        return ExportFact(signatures=signatures, inputs=inputs, examples=examples)
    return ExportFact(signatures=signatures, is_left_out=True)


def _receiver(names: Mapping[str, Any], module: str) -> Any:
    """Returns what the module's function of serving inputs returns; None without one."""
    for name, value in names.items():
        if "serving" not in name.lower() or not callable(value) or isinstance(value, type):
            continue
        if getattr(value, "__module__", module) not in (
            module,
            "estimator_compat.export.receivers",
        ):
            continue
        try:
            with tf.Graph().as_default():
                receiver = value()
        except Exception:  # it takes arguments, or makes something else
            continue
        if hasattr(receiver, "receiver_tensors") and hasattr(receiver, "features"):
            return receiver
    return None


def _spec(tensor: Any) -> str:
    if not isinstance(tensor, tf.Tensor):
        return ""
    shape = None if tensor.shape.rank is None else tensor.shape.as_list()
    return f"tf.TensorSpec({shape}, tf.{tensor.dtype.name})"


def _examples(features: Mapping[str, Any]) -> dict[str, str]:
    """Returns the spec of serialized examples by feature; {} if features are made otherwise."""
    found: dict[str, str] = {}
    for name, value in features.items():
        tensor = value.values if isinstance(value, tf.SparseTensor) else value
        op = tensor.op
        if op.type != "ParseExampleV2":
            return {}
        if isinstance(value, tf.SparseTensor):
            found[name] = f"tf.io.VarLenFeature(tf.{tensor.dtype.name})"
            continue
        count = len(op.get_attr("Tdense"))
        inputs, outputs = list(op.inputs)[-count:], list(op.outputs)[-count:]
        index = next(i for i, one in enumerate(outputs) if one is tensor)
        with tensor.graph.as_default():
            default = np.asarray(sessions.values_of([inputs[index]])[0])
        shape = tensor.shape.as_list()[1:]
        given = f", {default.reshape(shape).tolist()!r}" if default.size else ""
        found[name] = f"tf.io.FixedLenFeature({shape}, tf.{tensor.dtype.name}{given})"
    return found
