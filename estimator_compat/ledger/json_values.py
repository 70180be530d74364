"""Turns values into the types of JSON, and back."""

import dataclasses
import enum
import functools
import math
import types
import typing
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def to_json(value: Any) -> Any:
    """Returns a value in the types of JSON.

    A dataclass becomes an object. Its keys are the names of the fields; if the metadata of a field
    has an entry "json", the entry is the key. An enum becomes its value, and a tuple a list. NaN
    and infinities become strings, because JSON has no numbers for them.
    """
    if value is None or value.__class__ in (str, int, bool):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        keys = _keys(type(value))  # type: ignore[arg-type]
        return {key: to_json(getattr(value, name)) for name, key in keys}
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


@functools.cache
def _keys(kind: type) -> tuple[tuple[str, str], ...]:
    """Returns the fields of a dataclass, each with its key."""
    fields = dataclasses.fields(kind)
    return tuple((field.name, field.metadata.get("json", field.name)) for field in fields)


def from_json(kind: type[Kind], written: Any) -> Kind:
    """Returns the dataclass that `to_json` has written; keys that it does not have are left out.

    Args:
      kind: The dataclass.
      written: What `to_json` has made of an instance.

    Raises:
      ValueError: `written` is not an object, or has another value than the dataclass may have.
    """
    if not isinstance(written, dict):
        raise ValueError(
            f"`written` ({written!r:.60}) is not an object; expected the fields of a "
            f"{kind.__name__}; pass what `to_json` returned."
        )
    types_of = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        key = field.metadata.get("json", field.name)
        if key in written:
            values[field.name] = _value(types_of[field.name], written[key])
    return kind(**values)


def _value(kind: Any, written: Any) -> Any:
    """Returns a value of an annotated type."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if written is None:
            return None
        return _value(next(each for each in inner if each is not type(None)), written)
    if origin is tuple:
        return tuple(_value(inner[0], each) for each in written)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(written)
    if dataclasses.is_dataclass(kind):
        return from_json(kind, written)  # type: ignore[arg-type]
    return float(written) if kind is float else written
