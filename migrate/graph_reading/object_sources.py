"""Writes Python objects as source: plain values, feature columns, objects of importable classes."""

import functools
import sys
import types
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.graph_reading import column_sources

_PLAIN = (bool, int, str, bytes, type(None))


class ObjectSources:
    """Writes objects as expressions.

    Attributes:
      imports: The import statements that the expressions need.
    """

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}

    def source(self, value: Any, depth: int = 0) -> str | None:
        """Returns an expression for a value; None if it has none."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if value == value and abs(value) != float("inf") else None
        if isinstance(value, tf.DType):
            return f"tf.{value.name}"
        if depth > 8:
            return None
        if column_sources.is_column(value) or column_sources.is_initializer(value):
            return column_sources.source(value, lambda one: self.source(one, depth + 1))
        if isinstance(value, types.ModuleType):
            return self._import(value.__name__)
        if isinstance(value, type | types.FunctionType):
            return self._named(value)
        if isinstance(value, dict):
            return self._dict(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return self._sequence(value, depth)
        if isinstance(value, functools.partial):
            return self._call("functools.partial", [value.func, *value.args], value.keywords, depth)
        if isinstance(value, types.MethodType):
            owner = self.source(value.__self__, depth + 1)
            return None if owner is None else f"{owner}.{value.__name__}"
        return self._object(value, depth)

    def _import(self, name: str) -> str:
        package, _, last = name.rpartition(".")
        self.imports[f"from {package} import {last}" if package else f"import {last}"] = None
        return last

    def _named(self, value: Any) -> str | None:
        """Returns the name of a class or function at the top level of a module."""
        module, name = sys.modules.get(value.__module__), value.__qualname__
        if value.__module__ == "builtins":
            return str(name)
        if module is None or getattr(module, name, None) is not value:
            return None
        if value.__module__.partition(".")[0] in ("tensorflow", "estimator_compat", "migrate"):
            return None
        return f"{self._import(value.__module__)}.{name}"

    def _dict(self, value: dict[Any, Any], depth: int) -> str | None:
        pairs = [(self.source(k, depth + 1), self.source(v, depth + 1)) for k, v in value.items()]
        if any(k is None or v is None for k, v in pairs):
            return None
        inner = f"{{{', '.join(f'{k}: {v}' for k, v in pairs)}}}"
        if type(value) is dict:
            return inner
        kind = self._named(type(value))
        return None if kind is None else f"{kind}({inner})"

    def _sequence(self, value: Any, depth: int) -> str | None:
        parts = [self.source(one, depth + 1) for one in value]
        if any(one is None for one in parts):
            return None
        inner = ", ".join(str(one) for one in parts)
        if hasattr(value, "_fields"):
            kind = self._named(type(value))
            return None if kind is None else f"{kind}({inner})"
        if isinstance(value, list):
            return f"[{inner}]"
        if isinstance(value, set | frozenset):
            return f"{type(value).__name__}([{inner}])"
        return f"({inner}{',' if len(parts) == 1 else ''})"

    def _call(self, name: str, values: Any, keywords: Any, depth: int) -> str | None:
        texts = [self.source(one, depth + 1) for one in values]
        named = {key: self.source(one, depth + 1) for key, one in keywords.items()}
        if any(one is None for one in [*texts, *named.values()]):
            return None
        self.imports["import functools"] = None
        arguments = [*(str(t) for t in texts), *(f"{k}={v}" for k, v in named.items())]
        return f"{name}({', '.join(arguments)})"

    def _object(self, value: Any, depth: int) -> str | None:
        kind = self._named(type(value))
        attributes = getattr(value, "__dict__", None)
        if kind is None or attributes is None or hasattr(type(value), "__slots__"):
            return None
        inner = self._dict(dict(attributes), depth)
        return None if inner is None else f"restored({kind}, {inner})"
