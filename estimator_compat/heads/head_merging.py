"""How the heads of a model with several heads are joined."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export.outputs import PredictOutput
from estimator_compat.heads import exports
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Labels, Nest, Tensor


def check_heads(heads: Any, head_weights: Any, *, none_only: bool) -> None:
    """Raises ValueError if the arguments of a head of several heads do not fit.

    Args:
      heads: The heads.
      head_weights: A factor for each head, or None.
      none_only: Whether a head may have "" for its name.
    """
    if not heads:
        raise ValueError(
            f"Must specify heads. Given: {heads}; expected one head or more; pass them in a list."
        )
    if head_weights and len(head_weights) != len(heads):
        raise ValueError(
            "heads and head_weights must have the same size. Given len(heads): "
            f"{len(heads)}. Given len(head_weights): {len(head_weights)}. Expected a factor for "
            "each head; pass as many."
        )
    for head in heads:
        if head.name is None or not (none_only or head.name):
            raise ValueError(
                f"All given heads must have name specified. Given: {head}; expected a name, which "
                "its labels and metrics go by; pass `name=` to the head."
            )


def check_mode(mode: str) -> None:
    """Raises ValueError for an unknown mode."""
    if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
        raise ValueError(
            f"mode={mode} unrecognized; expected a mode of ModeKeys; pass the model_fn's `mode`."
        )


def split_logits(heads: Sequence[Any], logits: Nest, labels: Labels) -> dict[Any, Tensor]:
    """Returns the logits of each head by its name.

    Args:
      heads: The heads.
      logits: The same, or the logits of all heads side by side, in the heads' order.
      labels: The labels by the head's name, or None; only checked.

    Raises:
      ValueError: Logits or labels of a head are missing, or the logits are too many or too few.
    """
    names = [head.name for head in heads]
    if isinstance(logits, dict):
        _check_names("logits", names, logits)
        by_head = logits
    else:
        by_head = _split(heads, logits)
    if labels is not None:
        if not isinstance(labels, dict):
            raise ValueError(
                f"labels must be a dict. Given: {labels}; expected labels by the name of the head; "
                "let the input_fn return such a dict."
            )
        _check_names("labels", names, labels)
    return by_head


def _check_names(what: str, names: list[str], given: dict[str, Any]) -> None:
    if missing := [name for name in names if name not in given]:
        raise ValueError(
            f"{what} has missing values for head(s): {missing}; expected {what} for each head; add "
            f"them to the dict of {what}."
        )


def _split(heads: Sequence[Any], logits: Any) -> dict[str, Tensor]:
    with tf1.name_scope("split_logits"):
        logits = tf.convert_to_tensor(logits)
        sizes = [head.logits_dimension for head in heads]
        if logits.shape.as_list()[-1] not in (None, sum(sizes)):
            raise ValueError(
                f"Could not split logits of shape {logits.shape.as_list()} among the heads with "
                f"individual logits dimensions: {sizes}; expected {sum(sizes)} logits for each "
                "example; give the last layer so many units."
            )
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
        return {
            head.name: logits[..., end - size : end]
            for head, size, end in zip(heads, sizes, ends, strict=True)
        }


def merged_loss(losses: Sequence[Tensor], head_weights: Sequence[float]) -> Tensor:
    """Returns the sum of the heads' losses, each times its factor."""
    with tf1.name_scope("merge_losses"):
        if head_weights:
            pairs = zip(losses, head_weights, strict=True)
            losses = [tf.multiply(loss, weight) for loss, weight in pairs]
        return tf.add_n(list(losses))


def export_outputs(heads: Sequence[Any], specs: Sequence[Any]) -> dict[str, Any]:
    """Returns the export outputs of all heads, by the head's name and the signature.

    Args:
      heads: The heads.
      specs: The `EstimatorSpec` of each head in PREDICT.
    """
    default = _default_output(specs[0].export_outputs, heads[0].name)
    merged: dict[str, Any] = {exports.DEFAULT: default}
    predictions: dict[str, Tensor] = {}
    for head, spec in zip(heads, specs, strict=True):
        for signature, output in spec.export_outputs.items():
            is_default = signature == exports.DEFAULT
            merged[head.name if is_default else f"{head.name}/{signature}"] = output
            if signature == exports.PREDICT and isinstance(output, PredictOutput):
                predictions |= {f"{head.name}/{k}": v for k, v in output.outputs.items()}
    merged[exports.PREDICT] = PredictOutput(predictions)
    return merged


def _default_output(outputs: dict[str, Any], name: str) -> Any:
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    if exports.DEFAULT not in outputs:
        raise ValueError(
            f"{name} did not specify default export_outputs. Given: {outputs}; expected the key "
            f"{exports.DEFAULT!r}; add it to the head's export_outputs."
        )
    return outputs[exports.DEFAULT]
