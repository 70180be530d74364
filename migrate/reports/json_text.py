"""Values as indented JSON text; `json.dumps` needs several times as long for it."""

import json
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any


def dumped(value: Any, line: str = "\n") -> str:
    """Returns what `json.dumps(value, indent=2)` returns.

    Args:
      value: A value that JSON has; the keys of a dict are strings.
      line: What a new line begins with.
    """
    kind = value.__class__
    if kind is str:
        return _quoted(value)
    inner = line + "  "
    if kind is dict:
        items = [f"{_quoted(key)}: {dumped(each, inner)}" for key, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}" if items else "{}"
    if kind is list or kind is tuple:
        items = [dumped(each, inner) for each in value]
        return f"[{inner}{f',{inner}'.join(items)}{line}]" if items else "[]"
    return json.dumps(value)
