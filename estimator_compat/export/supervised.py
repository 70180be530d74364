"""The outputs of an exported TRAIN or EVAL graph: its loss, predictions and metrics."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export.outputs import ExportOutput, checked_tensor, signature_name


class _SupervisedOutput(ExportOutput):
    """Loss, predictions and metrics of a TRAIN or EVAL graph; each name begins with its kind.

    Args:
      loss: A scalar Tensor or a dict of them.
      predictions: A Tensor or a dict of them, `[batch, ...]` each.
      metrics: Name to a `(value, update_op)` pair.
    """

    METHOD = ""

    def __init__(self, loss: Any = None, predictions: Any = None, metrics: Any = None) -> None:
        self._loss = _prefixed(loss, "loss")
        self._predictions = _prefixed(predictions, "predictions")
        self._metrics = _metric_tensors(metrics)

    @property
    def loss(self) -> dict[str, Any] | None:
        return self._loss

    @property
    def predictions(self) -> dict[str, Any] | None:
        return self._predictions

    @property
    def metrics(self) -> dict[str, Any] | None:
        return self._metrics

    def as_signature_def(self, receiver_tensors: Mapping[str, Any]) -> Any:
        infos = [
            {name: tf1.saved_model.build_tensor_info(tensor) for name, tensor in tensors.items()}
            for tensors in (
                receiver_tensors,
                {**(self._loss or {}), **(self._predictions or {}), **(self._metrics or {})},
            )
        ]
        return tf1.saved_model.build_signature_def(*infos, self.METHOD)


class TrainOutput(_SupervisedOutput):
    METHOD = "tensorflow/supervised/training"


class EvalOutput(_SupervisedOutput):
    METHOD = "tensorflow/supervised/eval"


def _with_prefix(name: Any, prefix: str) -> str:
    name = signature_name(name)
    return name if name.startswith(prefix) else f"{prefix}/{name}"


def _prefixed(tensors: Any, prefix: str) -> dict[str, Any] | None:
    if tensors is None:
        return None
    named = tensors if isinstance(tensors, dict) else {prefix: tensors}
    return {
        _with_prefix(name, prefix): checked_tensor(tensor, f"{prefix}[{name}]")
        for name, tensor in named.items()
    }


def _metric_tensors(metrics: Any) -> dict[str, Any] | None:
    """Turns metrics into tensors for a signature: `<name>/value` and `<name>/update_op`."""
    if metrics is None:
        return None
    tensors = {}
    for name, (value, update) in (
        metrics if isinstance(metrics, dict) else {"metrics": metrics}
    ).items():
        if isinstance(update, tf.Operation):
            # A signature shows tensors only; this one is empty and runs the op.
            with tf.control_dependencies([update]):
                update = tf.constant([], name="metric_op_wrapper")
        name = _with_prefix(name, "metrics")
        tensors[f"{name}/value"] = checked_tensor(value, f"metrics[{name}]")
        tensors[f"{name}/update_op"] = update
    return tensors
