"""Turns values into the types of JSON."""

import dataclasses
import enum
import math
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
