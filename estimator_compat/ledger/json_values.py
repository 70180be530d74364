"""Values as JSON's types."""

import dataclasses
import enum
import math
from typing import Any


def to_json(value: Any) -> Any:
    """Returns a value as JSON's types: dataclasses as objects, enums as their values.

    A field whose metadata has "json" stands under that key. NaN and infinities, which JSON has no
    numbers for, become text.
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
