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
    """A head: what it computes, and the positions of two arguments."""

    op: str
    weight_column: int | None


_COLUMN = ("batch", "1")
# By the last part of the name.
HEADS = {
    "BinaryClassHead": Head("sigmoid_cross_entropy", 0),
    "LogisticRegressionHead": Head("sigmoid_cross_entropy", 0),
    "MultiClassHead": Head("softmax_cross_entropy", 1),
    "MultiLabelHead": Head("mean(sigmoid_cross_entropy, axis=-1)", 1),
    "PoissonRegressionHead": Head("log_poisson", 1),
    "RegressionHead": Head("squared_difference", 1),
    "binary_classification_head": Head("sigmoid_cross_entropy", 0),
    "logistic_regression_head": Head("sigmoid_cross_entropy", 0),
    "multi_class_head": Head("softmax_cross_entropy", 1),
    "multi_label_head": Head("mean(sigmoid_cross_entropy, axis=-1)", 1),
    "poisson_regression_head": Head("log_poisson", 0),
    "regression_head": Head("squared_difference", 0),
    "_binary_logistic_head_with_sigmoid_cross_entropy_loss": Head("sigmoid_cross_entropy", 0),
    "_multi_class_head_with_softmax_cross_entropy_loss": Head("softmax_cross_entropy", 1),
    "_regression_head": Head("squared_difference", 0),
    "_regression_head_with_mean_squared_error_loss": Head("squared_difference", 0),
}


def is_head(value: Value) -> bool:
    """Returns whether a value is a head of TensorFlow."""
    last = value.name.rpartition(".")[2]
    if value.kind is Kind.UNKNOWN and value.args and value.args[0].kind is Kind.SYMBOL:
        last = str(value.args[0].data).rpartition(".")[2]
    return last in HEADS


def losses(value: Value) -> Reduced | None:
    """Returns what the spec of a head has as its loss; None for other values."""
    if value.name not in ("create_estimator_spec", "create_loss"):
        return None
    head = value.args[0]
    last = head.name.rpartition(".")[2]
    if last not in HEADS or head.argument("loss_fn") is not None:
        return Reduced(losses=value, why="its head is not a known one")
    default = "sum" if last.startswith("_") else "sum_over_batch_size"
    reduction = tensorflow_losses.reduction_name(head.argument("loss_reduction"), default)
    column = head.argument("weight_column", position=HEADS[last].weight_column)
    weights = None if column is None or column.is_none else _column(value, column)
    more = value.argument("regularization_losses")
    if not reduction:
        return Reduced(losses=value, why="the `loss_reduction` of its head")
    return Reduced(
        losses=value,
        op=HEADS[last].op,
        axes=_COLUMN,
        weights=weights,
        reduction=reduction,
        more=() if more is None or more.is_none else (_added(more),),
    )


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
