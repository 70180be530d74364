"""Lists, tuples and dicts: their elements, and what their methods do."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.values import Kind, Origin, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

MOST_ELEMENTS = 64
_VARIABLES = ("trainable_variables", "global_variables", "model_variables", "get_collection")


class Containers:
    """Reads containers whose elements are known."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values

    def dict_of(self, items: dict[Any, Value], origin: Origin | None) -> Value:
        """Returns a dict."""
        return self._values.make(Kind.DICT, tuple(items.values()), tuple(items), origin=origin)

    def elements(self, value: Value) -> tuple[Value, ...] | None:
        """Returns what a loop over a value runs over; None if that is not known."""
        value = self._interpreter.known(value)
        if len(value.args) > MOST_ELEMENTS:
            return None
        if value.kind is Kind.LIST:
            return value.args
        if value.kind is Kind.DICT:
            return tuple(self._values.constant(key) for key in value.data)
        return None

    def any_element(self, value: Value, origin: Origin) -> Value:
        """Returns an element of something whose elements are not known one by one."""
        value = self._interpreter.known(value)
        if value.kind is Kind.EACH:
            return value.args[0]
        if value.name in _VARIABLES or value.name.endswith("_variables"):
            return self._values.call("get_variable", value, origin=origin)
        return self._values.unknown(origin, (value,))

    def item(self, base: Value, index: Value, origin: Origin | None) -> Value:
        """Returns `base[index]`."""
        base = self._interpreter.known(base) if base.kind is not Kind.LATER else base
        if base.kind is Kind.EITHER:
            test, first, second = base.args
            if not first.is_none and not second.is_none:
                both = (self.item(first, index, origin), self.item(second, index, origin))
                return self._values.either(test, *both, origin)
        if base.kind is Kind.LIST and index.kind is Kind.CONSTANT:
            place = index.data
            if isinstance(place, int) and -len(base.args) <= place < len(base.args):
                return base.args[place]
        if base.kind is Kind.DICT and index.kind is Kind.CONSTANT and index.data in base.data:
            return _entry(base, index.data)
        if base.kind is Kind.CALL and index.number is not None:
            return self._values.call("getitem", base, index, origin=origin)
        if base.kind is Kind.INPUT and index.number is not None:
            return self._values.call("getitem", base, index, origin=origin)
        return self._values.make(Kind.ITEM, (base, index), origin=origin)

    def slice(self, base: Value, node: ast.expr, frame: Frame, origin: Origin) -> Value:
        """Returns `base[node]`, where `node` has a `:`."""
        base = self._interpreter.known(base)
        if base.kind is Kind.LIST and isinstance(node, ast.Slice):
            bounds: list[Any] = [
                None if each is None else self._interpreter.evaluate(each, frame).data
                for each in (node.lower, node.upper, node.step)
            ]
            if all(isinstance(each, int | None) for each in bounds) and bounds[2] != 0:
                chosen = base.args[slice(*bounds)]
                return self._values.make(Kind.LIST, chosen, base.data, origin=origin)
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        text = self._values.constant(", ".join(map(ast.unparse, parts)))
        return self._values.call("getitem", base, text, origin=origin)

    def method(self, base: Value, name: str, args: Sequence[Value], origin: Origin) -> Value | None:
        """Returns what a method of a list or dict returns; None for one that changes it."""
        if base.kind is Kind.DICT:
            keys = tuple(self._values.constant(key) for key in base.data)
            if name == "keys":
                return self._values.make(Kind.LIST, keys, "list", origin=origin)
            if name == "values":
                return self._values.make(Kind.LIST, base.args, "list", origin=origin)
            if name == "items":
                pairs = tuple(
                    self._values.make(Kind.LIST, pair, "tuple")
                    for pair in zip(keys, base.args, strict=True)
                )
                return self._values.make(Kind.LIST, pairs, "list", origin=origin)
            if name == "get" and args and args[0].kind is Kind.CONSTANT:
                if args[0].data in base.data:
                    return _entry(base, args[0].data)
                return args[1] if len(args) > 1 else self._values.none
        return base if name == "copy" else None

    def changed(
        self, base: Value, name: str, args: Sequence[Value], origin: Origin
    ) -> Value | None:
        """Returns a list or dict after a method has changed it; None if that is not known."""
        if base.kind is Kind.LIST:
            if name == "append" and len(args) == 1:
                return self._values.make(Kind.LIST, (*base.args, args[0]), "list", origin=origin)
            if name in ("extend", "update") and args:
                more = self.elements(args[0])
                if more is not None:
                    return self._values.make(Kind.LIST, (*base.args, *more), "list", origin=origin)
        if base.kind is Kind.DICT and name == "update" and args and args[0].kind is Kind.DICT:
            items = dict(zip(base.data, base.args, strict=True))
            items.update(zip(args[0].data, args[0].args, strict=True))
            return self.dict_of(items, origin)
        return None


def _entry(base: Value, key: Any) -> Value:
    return base.args[list(base.data).index(key)]
