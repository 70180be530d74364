"""The outputs of an exported TRAIN or EVAL graph: its loss, predictions and metrics."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export.outputs import ExportOutput, check_tensor, signature_name
from estimator_compat.type_aliases import Tensor


class _SupervisedOutput(ExportOutput):
    """Loss, predictions and metrics of a TRAIN or EVAL graph.

    Each name in the signature begins with `loss`, `predictions` or `metrics`.

    Args:
      loss: A scalar Tensor, a dict of scalar Tensors, or None.
      predictions: A Tensor or a dict of Tensors, `[batch, ...]` each, or None.
      metrics: A `(value, update_op)` pair, a dict of such pairs, or None.

    Raises:
      ValueError: A value is not a Tensor, or a name is not a string.
    """

    METHOD = ""

    def __init__(self, loss: Any = None, predictions: Any = None, metrics: Any = None) -> None:
        self._loss = _prefix_tensors(loss, "loss")
        self._predictions = _prefix_tensors(predictions, "predictions")
        self._metrics = _metric_tensors(metrics)

    @property
    def loss(self) -> dict[str, Tensor] | None:
        """The losses by their names in the signature, or None."""
        return self._loss

    @property
    def predictions(self) -> dict[str, Tensor] | None:
        """The predictions by their names in the signature, or None."""
        return self._predictions

    @property
    def metrics(self) -> dict[str, Tensor] | None:
        """The values and update ops of the metrics by their names in the signature, or None."""
        return self._metrics

    def as_signature_def(self, receiver_tensors: Mapping[str, Tensor]) -> Any:
        """Builds a signature of all losses, predictions and metrics."""
        infos = [
            {name: tf1.saved_model.build_tensor_info(tensor) for name, tensor in tensors.items()}
            for tensors in (
                receiver_tensors,
                {**(self._loss or {}), **(self._predictions or {}), **(self._metrics or {})},
            )
        ]
        return tf1.saved_model.build_signature_def(*infos, self.METHOD)


class TrainOutput(_SupervisedOutput):
    """The output of an exported TRAIN graph; it has the arguments of `EvalOutput`."""

    METHOD = "tensorflow/supervised/training"


class EvalOutput(_SupervisedOutput):
    """The output of an exported EVAL graph.

    Args:
      loss: A scalar Tensor, a dict of scalar Tensors, or None.
      predictions: A Tensor or a dict of Tensors, `[batch, ...]` each, or None.
      metrics: A `(value, update_op)` pair, a dict of such pairs, or None.
    """

    METHOD = "tensorflow/supervised/eval"


# What error messages call an output, by the first part of its name.
_WORDS = {"loss": "Loss", "predictions": "Prediction", "metrics": "metrics"}


def _prefix_name(name: Any, prefix: str) -> str:
    name = signature_name(name, _WORDS[prefix])
    return name if name.startswith(prefix) else f"{prefix}/{name}"


def _prefix_tensors(tensors: Any, prefix: str) -> dict[str, Tensor] | None:
    """Returns checked tensors by names that begin with the prefix; None for no tensors."""
    if tensors is None:
        return None
    named = tensors if isinstance(tensors, dict) else {prefix: tensors}
    return {
        _prefix_name(name, prefix): check_tensor(tensor, f"{_WORDS[prefix]} output value")
        for name, tensor in named.items()
    }


def _metric_tensors(metrics: Any) -> dict[str, Tensor] | None:
    """Returns the tensors of each metric by their names: `<name>/value` and `<name>/update_op`."""
    if metrics is None:
        return None
    tensors = {}
    for name, (value, update) in (
        metrics if isinstance(metrics, dict) else {"metrics": metrics}
    ).items():
        if not isinstance(update, tf.Operation | tf.Tensor | tf.Variable):
            raise ValueError(
                f"{name} update_op must be a Tensor or Operation; got {update}; expected what a "
                "tf.compat.v1.metrics function returns; pass both parts of it."
            )
        if isinstance(update, tf.Operation):
            # A signature holds tensors only. This tensor is empty; fetching it runs the op.
            with tf.control_dependencies([update]):
                update = tf.constant([], name="metric_op_wrapper")
        name = _prefix_name(name, "metrics")
        tensors[f"{name}/value"] = check_tensor(value, f"{name} output value")
        tensors[f"{name}/update_op"] = update
    return tensors
