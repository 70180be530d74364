"""Follows the calls that a loss is computed with, and leaves those behind its logits alone."""

from __future__ import annotations

from migrate.ledger_reading import tensorflow_losses
from migrate.ledger_reading.interpreter import Interpreter
from migrate.ledger_reading.ranks import plain
from migrate.ledger_reading.values import Kind, Value

_MOST = 3_000
_DEEPEST = 60
# Functions behind which nothing says more about the loss.
_ENDS = frozenset(
    {
        *("layers.dense", "matmul", "nn.bias_add", "nn.log_softmax", "nn.softmax", "log_softmax"),
        *("one_hot", "shape", "size", "softmax", "sigmoid", "argmax"),
    }
)


class Resolving:
    """Replaces calls that were put off with what they return.

    Args:
      interpreter: What follows them.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self.values = interpreter.values
        self._known: dict[int, Value] = {}
        self._depth = 0

    def resolved(self, value: Value) -> Value:
        """Returns a value without calls that were put off, as far as the loss needs it."""
        key = id(value)
        if key in self._known:
            return self._known[key]
        if len(self._known) > _MOST or self._depth > _DEEPEST:
            return value
        self._known[key] = value
        self._depth += 1
        try:
            found = self._followed(value)
            found = self._with_args(value) if found is value else self.resolved(found)
        finally:
            self._depth -= 1
        self._known[key] = found
        return found

    def _followed(self, value: Value) -> Value:
        if value.kind is Kind.LATER:
            return self._interpreter.known(value)
        if value.kind is Kind.ITEM:
            base = self.resolved(value.args[0])
            if base is not value.args[0]:
                if value.data is not None:
                    return self._interpreter.objects.attribute(base, value.data, value.origin)
                return self._interpreter.containers.item(base, value.args[1], value.origin)
        return value

    def _with_args(self, value: Value) -> Value:
        if value.kind not in (Kind.CALL, Kind.EITHER, Kind.LIST, Kind.EACH):
            return value
        if value.kind is Kind.CALL and _ends_at(value):
            args = tuple(
                self.resolved(arg) if index == self._weights(value) or name == "weights" else arg
                for index, (arg, name) in enumerate(zip(value.args, value.names, strict=True))
            )
        else:
            args = tuple(map(self.resolved, value.args))
        if all(one is other for one, other in zip(args, value.args, strict=True)):
            return value
        values = self._interpreter.values
        if value.kind is Kind.EITHER:
            return values.either(args[0], args[1], args[2], value.origin)
        return values.make(value.kind, args, value.data, names=value.names, origin=value.origin)

    def _weights(self, value: Value) -> int:
        loss = tensorflow_losses.loss_of(value.name)
        return -1 if loss is None else loss.weights


def _ends_at(value: Value) -> bool:
    if value.name.endswith("compute_weighted_loss"):
        return False
    if value.name in tensorflow_losses.OF_ELEMENTS and not value.name.endswith("difference"):
        return True
    return tensorflow_losses.is_v1_loss(value.name) or plain(value.name) in _ENDS
