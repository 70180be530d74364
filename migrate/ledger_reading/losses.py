"""What computes a loss for each element: the name of the function, or the expression."""

from __future__ import annotations

from migrate.ledger_reading import keras_losses, tensorflow_losses
from migrate.ledger_reading.ranks import axes_of, plain
from migrate.ledger_reading.values import Depends, Kind, Value

_RENAMES = frozenset(
    {
        *("identity", "reshape", "squeeze", "expand_dims", "check_numerics", "cast", "to_float"),
        *("debugging.check_numerics", "ensure_shape", "convert_to_tensor", "to_double"),
    }
)
_DEEPEST = 30


def stripped(value: Value) -> Value:
    """Takes off what changes neither the elements nor their number."""
    for _ in range(_DEEPEST):
        if plain(value.name) not in _RENAMES or not value.args:
            break
        value = value.args[0]
    return value


def name_of(value: Value) -> str:
    """Names the unreduced losses that a value computes; "" if they are not known ones."""
    value = stripped(value)
    if value.kind is not Kind.CALL:
        return ""
    found = tensorflow_losses.OF_ELEMENTS.get(value.name)
    if found is not None:
        return found
    v1 = tensorflow_losses.loss_of(value.name)
    if v1 is not None:
        return v1.op
    return keras_losses.op_of_elements(value) or _handwritten(value)


def _handwritten(value: Value) -> str:
    name = plain(value.name)
    if name in ("square", "abs") and value.args and _is_difference(value.args[0]):
        return "squared_difference" if name == "square" else "absolute_difference"
    negations, depth = 0, 0
    while depth < _DEEPEST:
        name = plain(value.name)
        if name == "negative":
            negations += 1
        elif name != "reduce_sum" or axes_of(value) not in ((-1,), (1,)):
            break
        value, depth = stripped(value.args[0]), depth + 1
    if plain(value.name) != "multiply" or len(value.args) != 2:
        return ""
    left, right = map(stripped, value.args)
    for labels, logs in ((left, right), (right, left)):
        if plain(logs.name) == "negative":
            inner, more = stripped(logs.args[0]), 1
        else:
            inner, more = logs, 0
        if plain(inner.name) in ("nn.log_softmax", "log_softmax") and _is_one_hot(labels):
            return "cross_entropy" if (negations + more) % 2 else "log_likelihood"
    return ""


def _is_difference(value: Value) -> bool:
    return plain(stripped(value).name) == "subtract"


def _is_one_hot(value: Value) -> bool:
    value = stripped(value)
    if plain(value.name) == "one_hot":
        return True
    return bool(value.depends & Depends.LABELS) and value.depends == Depends.LABELS


def holds_loss(value: Value, depth: int = 0) -> bool:
    """Returns whether a value is computed from losses that are known ones."""
    if depth > 12 or value.kind not in (Kind.CALL, Kind.EITHER):
        return False
    if "holds_loss" not in value.facts:
        value.facts["holds_loss"] = bool(name_of(value)) or any(
            holds_loss(each, depth + 1) for each in value.args
        )
    found: bool = value.facts["holds_loss"]
    return found
