"""Turns values into the types of JSON, and back."""

import dataclasses
import enum
import math
import types
import typing
from typing import Any


def to_json(value: Any) -> Any:
    """Returns a value in the types of JSON.

    A dataclass becomes an object. Its keys are the names of the fields; if the metadata of a field
    has an entry "json", the entry is the key. An enum becomes its value, and a tuple a list. NaN
    and infinities become strings, because JSON has no numbers for them.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {f.metadata.get("json", f.name): to_json(getattr(value, f.name)) for f in fields}
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(kind: Any, value: Any) -> Any:
    """Returns the value that `to_json` wrote.

    Keys that are no field, such as a formula that was added for readers, are left out, and a field
    without a key has its default.

    Args:
      kind: The type: a dataclass, an enum, `tuple[X, ...]`, `X | None`, or a type of JSON.
      value: What was written.

    Raises:
      KeyError: A key of a field without a default is missing.
      TypeError: The value does not have the form of the type.
      ValueError: It is not a member of the enum, or not a number.
    """
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        if value is None:
            return None
        return from_json(next(one for one in arguments if one is not type(None)), value)
    if typing.get_origin(kind) is tuple:
        _check(value, list, kind)
        return tuple(from_json(arguments[0], item) for item in value)
    if dataclasses.is_dataclass(kind):
        _check(value, dict, kind)
        return _dataclass_of(kind, value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float:
        return float(value)
    if isinstance(kind, type):
        _check(value, kind, kind)
    return value


def _dataclass_of(kind: Any, value: dict[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    fields = {}
    for field in dataclasses.fields(kind):
        key = field.metadata.get("json", field.name)
        if key in value:
            fields[field.name] = from_json(hints[field.name], value[key])
        elif _is_required(field):
            raise KeyError(key)
    return kind(**fields)


def _is_required(field: Any) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _check(value: Any, expected: type, kind: Any) -> None:
    if not isinstance(value, expected):
        raise TypeError(f"{value!r:.80} is not the JSON of {kind!r}; expected {expected.__name__}.")
