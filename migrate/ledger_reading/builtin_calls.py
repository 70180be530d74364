"""What builtin functions return, where that matters for a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.ledger_reading.containers import MOST_ELEMENTS
from migrate.ledger_reading.values import Kind, Origin, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_Named = dict[str, Value]
_SAME = ("list", "tuple", "sorted", "reversed", "set")


def result(
    interpreter: Interpreter,
    symbol: str,
    args: tuple[Value, ...],
    named: _Named,
    origin: Origin,
) -> Value | None:
    """Returns the result of a builtin function; None if it is not one of those."""
    package, _, name = symbol.partition(".")
    values = interpreter.values
    if symbol in ("collections.OrderedDict", "builtins.dict"):
        return _dict(interpreter, args, named, origin)
    is_cast = symbol.startswith("numpy.") and name in ("float32", "float64", "int32", "int64")
    if is_cast and len(args) == 1 and args[0].number is not None:
        return args[0]
    if package != "builtins":
        return None
    if name in ("float", "int", "bool") and len(args) == 1 and args[0].number is not None:
        convert = {"float": float, "int": int, "bool": bool}[name]
        return values.constant(convert(args[0].data))
    if name in ("float", "int") and len(args) == 1:
        return args[0]
    if name == "isinstance" and len(args) == 2:
        return _isinstance(interpreter, args, origin)
    if name in ("getattr", "hasattr") and len(args) >= 2 and isinstance(args[1].data, str):
        if name == "getattr":
            return interpreter.objects.attribute(args[0], args[1].data, origin)
        return values.unknown(origin, args)
    if name == "sum" and args:
        return values.call("add_n", args[0], origin=origin)
    if name == "range" and all(isinstance(each.data, int) for each in args) and args:
        numbers = range(*(each.data for each in args))
        if len(numbers) <= MOST_ELEMENTS:
            items = tuple(map(values.constant, numbers))
            return values.make(Kind.LIST, items, "list", origin=origin)
    return _of_elements(interpreter, name, args, origin)


def _of_elements(
    interpreter: Interpreter, name: str, args: tuple[Value, ...], origin: Origin
) -> Value | None:
    values = interpreter.values
    lists = [interpreter.containers.elements(each) for each in args]
    known = [each for each in lists if each is not None]
    if len(known) != len(lists) or not known:
        return args[0] if name in ("list", "tuple") and len(args) == 1 else None
    first = known[0]
    if name in _SAME:
        if name == "sorted" and all(isinstance(each.data, str) for each in first):
            first = tuple(sorted(first, key=lambda each: str(each.data)))
        elif name == "sorted" or name == "set":
            return None
        items = first[::-1] if name == "reversed" else first
        kind = "tuple" if name == "tuple" else "list"
        return values.make(Kind.LIST, items, kind, origin=origin)
    if name == "len":
        return values.constant(len(first))
    if name == "zip":
        rows = tuple(values.make(Kind.LIST, row, "tuple") for row in zip(*known, strict=False))
        return values.make(Kind.LIST, rows, "list", origin=origin)
    if name == "enumerate":
        rows = tuple(
            values.make(Kind.LIST, (values.constant(index), each), "tuple")
            for index, each in enumerate(first)
        )
        return values.make(Kind.LIST, rows, "list", origin=origin)
    return None


def _dict(
    interpreter: Interpreter, args: tuple[Value, ...], named: _Named, origin: Origin
) -> Value | None:
    items = dict(named)
    if args:
        given = interpreter.known(args[0])
        if given.kind is Kind.DICT:
            items = {**dict(zip(given.data, given.args, strict=True)), **named}
        elif given.kind in (Kind.INPUT, Kind.ITEM) and not named:
            return given
        else:
            return None
    return interpreter.containers.dict_of(items, origin)


def _isinstance(interpreter: Interpreter, args: tuple[Value, ...], origin: Origin) -> Value:
    """Tells whether a value is a dict, list or tuple, where its own kind says that."""
    value, types = interpreter.known(args[0]), args[1]
    names = [each.data for each in (types.args if types.kind is Kind.LIST else (types,))]
    container = {Kind.LIST: str(value.data), Kind.DICT: "dict"}.get(value.kind)
    if container is not None and all(str(name).startswith("builtins.") for name in names):
        return interpreter.values.constant(f"builtins.{container}" in names)
    if value.kind is Kind.CALL and not value.name.startswith("method."):
        plain = ("builtins.dict", "builtins.list", "builtins.tuple", "builtins.str")
        if all(name in plain for name in names):
            return interpreter.values.constant(False)
    return interpreter.values.unknown(origin, args)
