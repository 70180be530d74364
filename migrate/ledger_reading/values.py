"""The values that expressions of a model_fn stand for: numbers, tensors, functions, and unknowns.

A tensor is what computes it: the name of a function of TensorFlow, and the values that it is given.
Equal values are one object.
"""

from __future__ import annotations

import ast
import enum
from typing import Any, NamedTuple

from migrate.scanning.syntax import api_name


class Kind(enum.Enum):
    """The kind of a value."""

    BOUND = "a method and its object"
    CALL = "what a function of TensorFlow returns"
    CLASS = "a class of the tree"
    CONSTANT = "a number, a text, a truth value or None"
    DICT = "a dict whose keys are known"
    EACH = "a list of unknown length, whose elements are alike"
    EITHER = "one of two values, by a condition that is not known"
    FUNCTION = "a function of the tree"
    INPUT = "features or labels"
    INSTANCE = "an object of a class of the tree"
    ITEM = "an element or an attribute"
    LATER = "a call of a function of the tree that was not followed yet"
    LIST = "a list or tuple whose elements are known"
    MODULE = "a module of the tree"
    SETTING = "an argument that is neither features nor labels"
    SYMBOL = "a name of a library"
    UNKNOWN = "something else"


class Depends:
    """What a value depends on: bits of a number, because enums are slow to combine."""

    NOTHING = 0
    FEATURES = 1
    LABELS = 2
    VARIABLES = 4
    SETTINGS = 8
    UNKNOWN = 16
    INPUT = 3


class Origin(NamedTuple):
    """Where an expression stands."""

    path: str
    function: str
    node: ast.AST


class Value:
    """A value.

    Attributes:
      kind: Its kind.
      args: The values that it is made of.
      names: For a call, the keyword of each of `args`; "" for a positional one.
      data: What else it is made of, by its kind: the number, the name of a function.
      origin: The first expression that made it; None for a constant.
      depends: What it depends on.
      facts: What was found out about it, by the question; values share their arguments, so that
        nobody could ask for all of them again and again.
      paths: How many values it may be, by the branches that are not known.
    """

    __slots__ = ("args", "data", "depends", "facts", "kind", "names", "origin", "paths")

    def __init__(
        self,
        kind: Kind,
        args: tuple[Value, ...],
        names: tuple[str, ...],
        data: Any,
        origin: Origin | None,
    ) -> None:
        self.kind = kind
        self.args = args
        self.names = names
        self.data = data
        self.origin = origin
        self.depends = _depends(self)
        self.paths = _paths(self)
        self.facts: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The name of the function of TensorFlow that computes a tensor; "" for other values."""
        return str(self.data) if self.kind is Kind.CALL else ""

    @property
    def is_none(self) -> bool:
        """Whether it is None."""
        return self.kind is Kind.CONSTANT and self.data is None

    @property
    def number(self) -> float | None:
        """The number that it is; None if it is not a number."""
        if self.kind is Kind.CONSTANT and isinstance(self.data, int | float):
            return float(self.data) if abs(self.data) < 1e300 else None
        return None

    def argument(self, *names: str, position: int | None = None) -> Value | None:
        """Returns an argument of a call by one of its names, or by its position."""
        for name, value in zip(self.names, self.args, strict=True):
            if name and name in names:
                return value
        positional = [arg for arg, name in zip(self.args, self.names, strict=True) if not name]
        if position is not None and position < len(positional):
            return positional[position]
        return None


# Functions of TensorFlow that make or list variables.
_VARIABLES = (
    "get_variable",
    "Variable",
    "trainable_variables",
    "global_variables",
    "get_collection",
    "train.get_global_step",
    "train.get_or_create_global_step",
)
_SHAPES = frozenset({"get_shape", "method.get_shape", "rank", "shape", "size"})
_MOST_PATHS = 64
_MOST_LINES = 40  # of an expression that is written out
_LAYERS = ("layers.", "keras.layers.", "contrib.layers.", "slim.", "contrib.slim.", "nn.rnn_cell.")


def _depends(value: Value) -> int:
    found = Depends.NOTHING
    for arg in value.args:
        found |= arg.depends
    kind = value.kind
    if kind is Kind.INPUT:
        return Depends.FEATURES if value.data == "features" else Depends.LABELS
    if kind is Kind.SETTING:
        return Depends.SETTINGS
    if kind in (Kind.UNKNOWN, Kind.LATER, Kind.INSTANCE):
        return found | Depends.UNKNOWN
    if kind is Kind.CALL and any(arg.kind is Kind.FUNCTION for arg in value.args):
        found |= Depends.UNKNOWN  # what the function reads is not among the arguments
    if kind is Kind.CALL and value.data in _SHAPES:
        return found & ~Depends.VARIABLES  # whatever the values of the variables
    if kind is Kind.CALL and (value.data in _VARIABLES or value.data.startswith(_LAYERS)):
        return found | Depends.VARIABLES
    return found


def _paths(value: Value) -> int:
    if value.kind is Kind.EITHER:
        return value.args[1].paths + value.args[2].paths
    if value.kind is Kind.UNKNOWN:
        return 1
    return 1 + sum(arg.paths - 1 for arg in value.args)


class Values:
    """Makes values, each of them once."""

    def __init__(self) -> None:
        self._known: dict[Any, Value] = {}
        self._count = 0
        self.none = self.constant(None)

    def make(
        self,
        kind: Kind,
        args: tuple[Value, ...] = (),
        data: Any = None,
        *,
        names: tuple[str, ...] | None = None,
        origin: Origin | None = None,
    ) -> Value:
        """Returns the value that is made of these parts."""
        names = ("",) * len(args) if names is None else names
        key = (id(kind), tuple(map(id, args)), names, data.__class__, data)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Value(kind, args, names, data, origin)
        return found

    def all(self) -> list[Value]:
        """Returns all values that were made."""
        return list(self._known.values())

    def constant(self, data: Any) -> Value:
        """Returns a number, a text, a truth value or None."""
        return self.make(Kind.CONSTANT, data=data)

    def unknown(self, origin: Origin | None, args: tuple[Value, ...] = (), why: str = "") -> Value:
        """Returns a value that nothing is known of, but what it may depend on.

        Args:
          origin: The expression.
          args: The values that it may depend on.
          why: Why it is not known, as a clause; "" if the expression says that.
        """
        self._count += 1
        return self.make(Kind.UNKNOWN, tuple(args), (self._count, why), origin=origin)

    def call(self, name: str, *args: Value, origin: Origin | None = None, **named: Value) -> Value:
        """Returns what a function of TensorFlow returns."""
        names = ("",) * len(args) + tuple(named)
        return self.make(Kind.CALL, (*args, *named.values()), name, names=names, origin=origin)

    def unique(self, kind: Kind, args: tuple[Value, ...], data: Any, origin: Origin) -> Value:
        """Returns a value that is equal to no other, such as a new object."""
        self._count += 1
        return self.make(kind, args, (self._count, data), origin=origin)

    def either(self, test: Value, first: Value, second: Value, origin: Origin | None) -> Value:
        """Returns one of two values, by a test whose outcome is not known."""
        if first is second:
            return first
        if first.paths + second.paths > _MOST_PATHS:
            why = "too many branches that are not known lead to it"
            return self.unknown(origin, (test, first, second), why)
        both = (first, second)
        if all(each.kind is Kind.LIST and len(each.args) == len(first.args) for each in both):
            pairs = zip(first.args, second.args, strict=True)
            items = tuple(self.either(test, *pair, origin) for pair in pairs)
            return self.make(Kind.LIST, items, first.data, origin=origin)
        return self.make(Kind.EITHER, (test, *both), origin=origin)


_RENAMES = ("cast", "identity", "reshape", "expand_dims", "squeeze", "to_float")
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_SUMS = {"reduce_sum": "sum", "reduce_mean": "mean", "math.reduce_sum": "sum"}


def text_of(value: Value, limit: int = 60) -> str:
    """Writes a value in one line: sums and products as a formula, others as their source does."""
    written = _formula(value, limit)
    if 0 < len(written) <= limit:
        return written
    if value.kind is Kind.CONSTANT:
        return f"{value.data:g}" if isinstance(value.data, float) else repr(value.data)
    if value.kind is Kind.INPUT:
        return str(value.data)
    if value.kind is Kind.ITEM and value.args[0].kind in (Kind.INPUT, Kind.ITEM, Kind.SETTING):
        inner = text_of(value.args[0], limit)
        if value.data is not None:
            return f"{inner}.{value.data}"
        return f"{inner}[{text_of(value.args[1], limit)}]"
    if value.kind is Kind.SETTING:
        return str(value.data)
    if value.kind is Kind.SYMBOL:
        return f"tf.{symbol_name(value)}" if symbol_name(value) else str(value.data)
    return source_of(value.origin, limit) or value.name or value.kind.value


def _formula(value: Value, limit: int) -> str:
    """Writes renames, sums and operators as a formula; "" for other values."""
    name = value.name
    if name in _RENAMES and value.args:
        return text_of(value.args[0], limit)
    if name in _SUMS and len(value.args) == 1:
        return f"{_SUMS[name]}({text_of(value.args[0], limit)})"
    if name in _SIGNS and len(value.args) == 2 and limit > 10:
        sides = [text_of(each, limit - 6) for each in value.args]
        inner = [f"({side})" if " " in side.split("(")[0] else side for side in sides]
        return f" {_SIGNS[name]} ".join(inner)
    return ""


def source_of(origin: Origin | None, limit: int = 60) -> str:
    """Writes an expression in one line; "" if there is none."""
    if origin is None:
        return ""
    node = origin.node
    name = getattr(node, "name", None)
    if isinstance(name, str):
        return name
    if isinstance(node, ast.Lambda | ast.stmt) or _lines(node) > _MOST_LINES:
        function = node.func if isinstance(node, ast.Call) else None
        return f"{ast.unparse(function)}(...)" if isinstance(function, ast.Name) else "..."
    try:
        text = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError, AttributeError):
        return ""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _lines(node: ast.AST) -> int:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return last - first + 1


def symbol_name(value: Value) -> str:
    """Returns the name below `tf` of a symbol; "" if it is not a symbol of TensorFlow."""
    return api_name(str(value.data)) if value.kind is Kind.SYMBOL else ""
