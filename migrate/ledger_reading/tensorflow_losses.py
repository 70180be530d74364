"""The loss functions of TensorFlow: where their arguments stand, and what they compute."""

from __future__ import annotations

from typing import NamedTuple

from migrate.ledger_reading.values import Kind, Value


class V1Loss(NamedTuple):
    """A function of `tf.losses` in TensorFlow 1.

    Attributes:
      op: What it computes for each element.
      weights: The position of `weights`.
      reduction: The position of `reduction`.
    """

    op: str
    weights: int
    reduction: int


V1_LOSSES = {
    "absolute_difference": V1Loss("absolute_difference", 2, 5),
    "compute_weighted_loss": V1Loss("", 1, 4),
    "cosine_distance": V1Loss("cosine_distance", 3, 6),
    "hinge_loss": V1Loss("hinge", 2, 5),
    "huber_loss": V1Loss("huber", 2, 6),
    "log_loss": V1Loss("log_loss", 2, 6),
    "mean_squared_error": V1Loss("squared_difference", 2, 5),
    "sigmoid_cross_entropy": V1Loss("sigmoid_cross_entropy", 2, 6),
    "softmax_cross_entropy": V1Loss("softmax_cross_entropy", 2, 6),
    "sparse_softmax_cross_entropy": V1Loss("softmax_cross_entropy", 2, 5),
}
# Functions that return a loss for each element, by the name below `tf`.
OF_ELEMENTS = {
    "nn.ctc_loss": "ctc_loss",
    "nn.log_poisson_loss": "log_poisson",
    "nn.nce_loss": "nce",
    "nn.sampled_softmax_loss": "sampled_softmax",
    "nn.sigmoid_cross_entropy_with_logits": "sigmoid_cross_entropy",
    "nn.softmax_cross_entropy_with_logits": "softmax_cross_entropy",
    "nn.softmax_cross_entropy_with_logits_v2": "softmax_cross_entropy",
    "nn.sparse_softmax_cross_entropy_with_logits": "softmax_cross_entropy",
    "nn.weighted_cross_entropy_with_logits": "weighted_sigmoid_cross_entropy",
    "squared_difference": "squared_difference",
    "math.squared_difference": "squared_difference",
}
_PREFIXES = ("losses.", "contrib.losses.", "contrib.slim.losses.", "slim.losses.")
REDUCTIONS = {
    "none": "none",
    "sum": "sum",
    "mean": "mean",
    "sum_over_batch_size": "sum_over_batch_size",
    "sum_by_nonzero_weights": "sum_by_nonzero_weights",
    "sum_over_nonzero_weights": "sum_by_nonzero_weights",
    "weighted_sum": "sum",
    "weighted_mean": "mean",
    "weighted_sum_over_batch_size": "sum_over_batch_size",
    "weighted_sum_by_nonzero_weights": "sum_by_nonzero_weights",
}


def loss_of(name: str) -> V1Loss | None:
    """Returns the function of `tf.losses` of a name below `tf`; None if there is none."""
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return V1_LOSSES.get(name.removeprefix(prefix))
    return None


def is_v1_loss(name: str) -> bool:
    """Returns whether a name below `tf` is a function of `tf.losses` in TensorFlow 1."""
    return loss_of(name) is not None


def reduction_name(value: Value | None, default: str) -> str:
    """Returns a reduction in lower case; "" if it is not known."""
    if value is None:
        return default
    if value.kind is Kind.CONSTANT and isinstance(value.data, str):
        return REDUCTIONS.get(value.data.lower(), "")
    if value.kind is Kind.SYMBOL:
        return REDUCTIONS.get(value.data.rpartition(".")[2].lower(), "")
    return ""


def reduction_of(call: Value) -> str:
    """Returns the reduction of a call of `tf.losses`; "" if it is not known."""
    loss = loss_of(call.name)
    assert loss is not None
    if not call.name.startswith("losses."):  # those of contrib have no `reduction`
        return "sum_by_nonzero_weights"
    given = call.argument("reduction", position=loss.reduction)
    return reduction_name(given, "sum_by_nonzero_weights")


def collection_of(call: Value) -> Value | None:
    """Returns the collection that a call of `tf.losses` adds its loss to; None for LOSSES."""
    loss = loss_of(call.name)
    assert loss is not None
    if not call.name.startswith("losses."):
        return call.argument("loss_collection")
    return call.argument("loss_collection", position=loss.reduction - 1)


def weights_of(call: Value) -> Value | None:
    """Returns the weights of a call of `tf.losses`; None if it has none."""
    loss = loss_of(call.name)
    assert loss is not None
    return call.argument("weights", position=loss.weights)
