"""The loss of a canned estimator, by the arguments of the call that makes it."""

from __future__ import annotations

import ast
from typing import NamedTuple

from estimator_compat.ledger.values import LossLedger
from estimator_compat.mode_keys import ModeKeys
from migrate.ledger_reading import reader, tensorflow_losses
from migrate.ledger_reading.heads import CANNED
from migrate.ledger_reading.values import Kind, Origin, Value, Values
from migrate.scanning.syntax import argument, has_stars

_COMMON = {
    "Baseline": ("model_dir",),
    "DNN": ("hidden_units", "feature_columns", "model_dir"),
    "DNNLinearCombined": (
        *("model_dir", "linear_feature_columns", "linear_optimizer", "dnn_feature_columns"),
        *("dnn_optimizer", "dnn_hidden_units", "dnn_activation_fn", "dnn_dropout"),
    ),
    "Linear": ("feature_columns", "model_dir"),
}
_OF_KIND = {
    "Classifier": ("n_classes", "weight_column", "label_vocabulary"),
    "Regressor": ("label_dimension", "weight_column"),
}
# The first arguments of each, which TensorFlow 1 and 2 have in the same places. The reduction comes
# later, at another place in each.
ESTIMATORS = {
    f"estimator.{model}{kind}": (*first, *others)
    for model, first in _COMMON.items()
    for kind, others in _OF_KIND.items()
}


class Canned(NamedTuple):
    """The ledgers of a canned estimator.

    Attributes:
      train: TRAIN's ledger; None if it is not known.
      eval: EVAL's ledger; None if it is not known.
      because: Why it is not known; "" if it is.
    """

    train: LossLedger | None = None
    eval: LossLedger | None = None
    because: str = ""


def read(call: ast.Call, name: str, symbol: str, path: str) -> Canned:
    """Reads the ledgers of a canned estimator.

    Args:
      call: The call.
      name: A name of `ESTIMATORS`.
      symbol: What the code calls, with its package, which tells TensorFlow 1 from 2; "" if it is
        not known.
      path: The file.
    """
    names = ESTIMATORS[name]
    if has_stars(call):
        return Canned(because="its arguments are not all written out")
    given = argument(call, "loss_reduction")
    if given is None and len(call.args) > len(names):
        return Canned(because="its `loss_reduction` may be among the positional arguments")
    reduction = _default(symbol) if given is None else _reduction(given)
    if not reduction:
        why = (
            "its `loss_reduction` is SUM in TensorFlow 1 and SUM_OVER_BATCH_SIZE in TensorFlow 2"
            if given is None
            else f"its `loss_reduction` is `{ast.unparse(given)}`"
        )
        return Canned(because=why)
    values, origin = Values(), Origin(path, "", call)
    weights = argument(call, "weight_column", names.index("weight_column"))
    loss = values.call(
        CANNED,
        values.constant(_op(call, name, names)),
        values.constant(reduction),
        _weights(weights, values, origin),
        _label_dimension(call, names, values),
        origin=origin,
    )
    return Canned(reader.ledger_of(loss, ModeKeys.TRAIN), reader.ledger_of(loss, ModeKeys.EVAL))


def _default(symbol: str) -> str:
    """Returns the reduction of a call that names none; "" if either version may be meant."""
    if symbol.startswith("estimator_compat."):
        return "sum" if symbol.startswith("estimator_compat.v1.") else "sum_over_batch_size"
    if ".compat.v1." in symbol:
        return "sum"
    return "sum_over_batch_size" if ".compat.v2." in symbol else ""


def _reduction(given: ast.expr) -> str:
    """Returns a reduction that is written out, in lower case; "" for another expression."""
    text = ""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        text = given.value
    elif isinstance(given, ast.Attribute) and ast.unparse(given.value).endswith("Reduction"):
        text = given.attr
    found = tensorflow_losses.REDUCTIONS.get(text.lower(), "")
    return "" if found == "none" else found


def _op(call: ast.Call, name: str, names: tuple[str, ...]) -> str:
    """Names the losses of the examples."""
    if name.endswith("Regressor"):
        return "squared_difference"
    classes = argument(call, "n_classes", names.index("n_classes"))
    if classes is None or (isinstance(classes, ast.Constant) and classes.value == 2):
        return "sigmoid_cross_entropy"
    return "softmax_cross_entropy" if isinstance(classes, ast.Constant) else "cross_entropy"


def _label_dimension(call: ast.Call, names: tuple[str, ...], values: Values) -> Value:
    """Returns the number of labels of an example; None if it is not written as a number."""
    if "label_dimension" not in names:
        return values.constant(1)
    given = argument(call, "label_dimension", names.index("label_dimension"))
    if given is None:
        return values.constant(1)
    return values.constant(given.value if isinstance(given, ast.Constant) else None)


def _weights(given: ast.expr | None, values: Values, origin: Origin) -> Value:
    """Returns the feature that has the weights; None without weights."""
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return values.constant(None)
    features = values.make(Kind.INPUT, data="features")
    if isinstance(given, ast.Call) and ast.unparse(given.func).endswith("numeric_column"):
        given = argument(given, "key", 0) or given
    if isinstance(given, ast.Constant):
        key = values.constant(given.value)
    else:
        key = values.make(Kind.SETTING, data=ast.unparse(given))
    return values.make(Kind.ITEM, (features, key), origin=origin)
