"""The losses of heads, by their arguments."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from migrate.ledger_reading import tensorflow_losses
from migrate.ledger_reading.values import Kind, Value, Values


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """Losses that a head or a Keras loss reduces.

    Attributes:
      losses: The value that stands for them.
      op: What computes them; "" if their value says it.
      axes: Their axes; none if they are not known.
      weights: Their weights; None without weights.
      reduction: The reduction, in lower case.
      more: What is added to them.
      why: What is not known; "" if all is.
    """

    losses: Value
    op: str = ""
    axes: tuple[str, ...] = ()
    weights: Value | None = None
    reduction: str = "sum"
    more: tuple[Value, ...] = ()
    why: str = ""


class Head(NamedTuple):
    """A head: what it computes, and the positions of its arguments.

    Attributes:
      op: What computes the losses.
      weight_column: The position of this argument.
      loss_reduction: The position of this argument.
      loss_fn: The position of this argument; None if there is no such argument.
      label_dimension: The position of this argument; None if there is no such argument.
    """

    op: str
    weight_column: int
    loss_reduction: int
    loss_fn: int | None = None
    label_dimension: int | None = None


_COLUMN = ("batch", "1")
# What stands for the loss of a canned estimator: its losses, reduction, weights, label dimension.
CANNED = "canned estimator"
_BINARY, _SOFTMAX = "sigmoid_cross_entropy", "softmax_cross_entropy"
_LABELS, _SQUARES = "mean(sigmoid_cross_entropy, axis=-1)", "squared_difference"
# By the last part of the name.
HEADS = {
    "BinaryClassHead": Head(_BINARY, 0, 3, 4),
    "LogisticRegressionHead": Head(_BINARY, 0, 1),
    "MultiClassHead": Head(_SOFTMAX, 1, 3, 4),
    "MultiLabelHead": Head(_LABELS, 1, 4, 5),
    "PoissonRegressionHead": Head("log_poisson", 1, 2, None, 0),
    "RegressionHead": Head(_SQUARES, 1, 2, 3, 0),
    "binary_classification_head": Head(_BINARY, 0, 3, 4),
    "logistic_regression_head": Head(_BINARY, 0, 1),
    "multi_class_head": Head(_SOFTMAX, 1, 3, 4),
    "multi_label_head": Head(_LABELS, 1, 4, 5),
    "poisson_regression_head": Head("log_poisson", 0, 2, None, 1),
    "regression_head": Head(_SQUARES, 0, 2, 3, 1),
    "_binary_logistic_head_with_sigmoid_cross_entropy_loss": Head(_BINARY, 0, 3, 4),
    "_multi_class_head_with_softmax_cross_entropy_loss": Head(_SOFTMAX, 1, 3, 4),
    "_regression_head": Head(_SQUARES, 0, 2, 3, 1),
    "_regression_head_with_mean_squared_error_loss": Head(_SQUARES, 0, 2, 3, 1),
}


def is_head(value: Value) -> bool:
    """Returns whether a value is a head of TensorFlow."""
    last = value.name.rpartition(".")[2]
    if value.kind is Kind.UNKNOWN and value.args and value.args[0].kind is Kind.SYMBOL:
        last = str(value.args[0].data).rpartition(".")[2]
    return last in HEADS


def losses(value: Value) -> Reduced | None:
    """Returns what a canned estimator or the spec of a head has as its loss; None for others."""
    if value.name == CANNED:
        return _of_canned(value)
    if value.name not in ("create_estimator_spec", "create_loss"):
        return None
    head = value.args[0]
    last = head.name.rpartition(".")[2]
    if last not in HEADS or head.argument("loss_fn", position=HEADS[last].loss_fn) is not None:
        return Reduced(losses=value, why="its head is not a known one")
    default = "sum" if last.startswith("_") else "sum_over_batch_size"
    given = head.argument("loss_reduction", position=HEADS[last].loss_reduction)
    reduction = tensorflow_losses.reduction_name(given, default)
    column = head.argument("weight_column", position=HEADS[last].weight_column)
    weights = None if column is None or column.is_none else _column(value, column)
    more = value.argument("regularization_losses")
    if not reduction:
        return Reduced(losses=value, why="the `loss_reduction` of its head")
    return Reduced(
        losses=value,
        op=HEADS[last].op,
        axes=_axes(_label_dimension(head, HEADS[last])),
        weights=weights,
        reduction=reduction,
        more=() if more is None or more.is_none else (_added(more),),
    )


def _of_canned(value: Value) -> Reduced:
    op, reduction, weights, label_dimension = value.args
    return Reduced(
        losses=value,
        op=str(op.data),
        axes=_axes(label_dimension),
        weights=None if weights.is_none else weights,
        reduction=str(reduction.data),
    )


def _label_dimension(value: Value, head: Head) -> Value | None:
    if head.label_dimension is None:
        return None
    return value.argument("label_dimension", position=head.label_dimension)


def _axes(label_dimension: Value | None) -> tuple[str, ...]:
    """Returns the axes of the losses; none if an example may have several labels."""
    return _COLUMN if label_dimension is None or label_dimension.number == 1 else ()


def _column(spec: Value, column: Value) -> Value:
    """Returns the weights: the feature that `weight_column` names."""
    features = spec.argument("features", position=1)
    values = Values()
    if isinstance(column.data, str) and column.kind is Kind.CONSTANT and features is not None:
        return values.make(Kind.ITEM, (features, column), origin=column.origin)
    key = column.argument("key", position=0)
    if key is not None and isinstance(key.data, str) and features is not None:
        return values.make(Kind.ITEM, (features, key), origin=column.origin)
    unknown = values.make(Kind.INPUT, data="features")
    return values.make(Kind.ITEM, (unknown, column), origin=column.origin)


def _added(more: Value) -> Value:
    return Values().call("add_n", more, origin=more.origin)
