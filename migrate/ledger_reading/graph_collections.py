"""The collections of the graph that losses and regularizers are added to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.ledger_reading import tensorflow_losses
from migrate.ledger_reading.frames import LOSSES, REGULARIZATION, Frame
from migrate.ledger_reading.values import Kind, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_OPEN = "open"
_REGULARIZERS = ("kernel_regularizer", "bias_regularizer", "regularizer")
# Where `scope` stands among the arguments of what reads the collections.
_SCOPES = {
    "get_collection": 1,
    "losses.get_losses": 0,
    "losses.get_regularization_loss": 0,
    "losses.get_regularization_losses": 0,
    "losses.get_total_loss": 2,
}
# Layers that may have regularizers which the call does not show, such as those of an arg_scope.
_SCOPED = ("contrib.layers.", "contrib.slim.", "slim.")


class Collections:
    """Keeps what is added to the collections, as far as the code says it."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values
        # A regularizer is added when a variable is made, and not when it is used again.
        self._reuses = self._may_reuse = False

    def enter_scope(self, scope: Value) -> None:
        """Notes what a variable scope does to the layers in it, and in calls that it puts off."""
        if scope.name == "variable_scope":
            if _is_given(scope.argument("regularizer")):
                self.open()
            self._note_reuse(scope.argument("reuse"))

    def _note_reuse(self, reuse: Value | None) -> None:
        if reuse is not None and str(reuse.data).endswith("AUTO_REUSE"):
            self._may_reuse = True
        elif _is_given(reuse):
            self._reuses = True

    def open(self) -> None:
        """Notes that something that is not known may have been added."""
        self._kept[_OPEN] = self._values.constant(True)

    @property
    def _kept(self) -> dict[str, Value]:
        return self._interpreter.heap.setdefault("collections", {})

    def _add(self, name: str, value: Value) -> None:
        before = self._kept.get(name)
        args = () if before is None else before.args
        if before is not None and before.kind is not Kind.LIST:
            self.open()
            return
        self._kept[name] = self._values.make(Kind.LIST, (*args, value), "list")

    def after(self, call: Value, frame: Frame, node: ast.AST) -> Value:
        """Does what a call of TensorFlow does to the collections, and returns its value."""
        name = call.name
        if tensorflow_losses.is_v1_loss(name):
            self._add_loss(call)
        elif name == "losses.add_loss":
            added = call.argument("loss", position=0)
            if added is not None:
                self._add_to(call.argument("loss_collection", position=1), added)
        elif name == "add_to_collection":
            self._add_to_collection(call)
        elif name in ("get_collection", "losses.get_losses", "losses.get_total_loss") or (
            name.startswith("losses.get_regularization")
        ):
            return self._read(call)
        elif name.startswith(("layers.", "get_variable", *_SCOPED)):
            self._add_regularizers(call, frame, node)
        return call

    def _add_loss(self, call: Value) -> None:
        if tensorflow_losses.reduction_of(call) != "none":
            self._add_to(tensorflow_losses.collection_of(call), call)

    def _add_to(self, collection: Value | None, loss: Value) -> None:
        """Adds a loss to the collection that a call names; None for LOSSES."""
        if collection is not None and collection.kind not in (Kind.CONSTANT, Kind.SYMBOL):
            self.open()
        elif collection is None or _collection_of(collection) == LOSSES:
            self._add(LOSSES, loss)

    def _add_to_collection(self, call: Value) -> None:
        key, value = call.argument("name", position=0), call.argument("value", position=1)
        name = "" if key is None else _collection_of(key)
        if value is None or not name:
            return
        self._add(name, value)

    def _add_regularizers(self, call: Value, frame: Frame, node: ast.AST) -> None:
        if call.name.startswith(_SCOPED):
            self.open()
        if _is_given(call.argument("activity_regularizer")):  # a penalty of what the layer returns
            self.open()
        self._note_reuse(call.argument("reuse"))
        for each in _REGULARIZERS:
            regularizer = call.argument(each)
            if regularizer is None or regularizer.is_none:
                continue
            if self._reuses:
                self.open()
                continue
            penalty = self._penalty(regularizer, call, frame, node)
            kept = self._kept.get(REGULARIZATION)
            if not self._may_reuse or kept is None or penalty not in kept.args:
                self._add(REGULARIZATION, penalty)

    def _penalty(self, regularizer: Value, layer: Value, frame: Frame, node: ast.AST) -> Value:
        """Returns what a regularizer makes of a layer's variable."""
        line = self._values.constant(getattr(node, "lineno", 0))
        variable = self._values.call("get_variable", line, origin=layer.origin)
        last, origin = regularizer.name.rpartition(".")[2], regularizer.origin
        scale = regularizer.argument("scale", "l", "l2", "l1", position=0)
        if last in ("l2_regularizer", "l1_regularizer", "l2", "l1", "L2", "L1") and scale:
            if last.lower().startswith("l1"):
                inner = self._values.call("abs", variable, origin=origin)
                penalty = self._values.call("reduce_sum", inner, origin=origin)
            else:
                penalty = self._values.call("nn.l2_loss", variable, origin=origin)
            if last in ("l2", "L2"):  # Keras's is `2 * l2 * nn.l2_loss(variable)`
                scale = self._doubled(scale)
            return self._values.call("multiply", scale, penalty, origin=origin)
        if regularizer.kind in (Kind.FUNCTION, Kind.LATER, Kind.BOUND):
            return self._interpreter.calls.of(regularizer, (variable,), {}, frame, node)
        return self._values.call("regularizer", regularizer, variable, origin=origin)

    def _doubled(self, scale: Value) -> Value:
        if scale.number is not None:
            return self._values.constant(2.0 * scale.number)
        return self._values.call("multiply", self._values.constant(2.0), scale, origin=scale.origin)

    def _read(self, call: Value) -> Value:
        name = call.name
        if _is_given(call.argument("scope", position=_SCOPES.get(name))):
            why = "which losses are in the scope is not in the code that was read"
            unknown = self._values.unknown(call.origin, (), why)
            is_number = name in ("losses.get_regularization_loss", "losses.get_total_loss")
            return unknown if is_number else self._values.make(Kind.LIST, (unknown,), "list")
        if name == "get_collection":
            key = call.argument("key", position=0)
            collection = "" if key is None else _collection_of(key)
            if not collection:
                return call
            return self._contents(collection, call)
        if name == "losses.get_losses":
            return self._contents(LOSSES, call)
        if name == "losses.get_regularization_losses":
            return self._contents(REGULARIZATION, call)
        self._interpreter.follow_all()
        names = [REGULARIZATION] if name == "losses.get_regularization_loss" else [LOSSES]
        asked = call.argument("add_regularization_losses", position=0)
        if name == "losses.get_total_loss" and (asked is None or asked.data is not False):
            names.append(REGULARIZATION)
        parts = self._parts(names)
        if parts is None:
            return self._values.unknown(call.origin, (), "a branch adds to the collection")
        if _OPEN in self._kept:
            parts += (self._rest(call),)
        if not parts:
            return self._values.constant(0.0)
        summed = self._values.make(Kind.LIST, parts, "list")
        return self._values.call("add_n", summed, origin=call.origin)

    def _contents(self, name: str, call: Value) -> Value:
        self._interpreter.follow_all()
        parts = self._parts([name])
        if parts is None:
            return self._values.unknown(call.origin, (), "a branch adds to the collection")
        if _OPEN in self._kept:
            parts += (self._rest(call),)
        return self._values.make(Kind.LIST, parts, "list", origin=call.origin)

    def _parts(self, names: list[str]) -> tuple[Value, ...] | None:
        parts: tuple[Value, ...] = ()
        for name in names:
            kept = self._kept.get(name)
            if kept is None:
                continue
            if kept.kind is not Kind.LIST:
                return None
            parts += kept.args
        return parts

    def _rest(self, call: Value) -> Value:
        return self._values.unknown(
            call.origin, (), "what else is in the collection is not in the code that was read"
        )


def _is_given(value: Value | None) -> bool:
    """Returns whether an argument is given, and is neither None nor False."""
    return value is not None and not value.is_none and value.data is not False


def _collection_of(key: Value) -> str:
    """Returns which of the two collections a key names; "" for others."""
    text = str(key.data).rpartition(".")[2].lower() if key.data is not None else ""
    return text if text in (LOSSES, REGULARIZATION) else ""
