"""What became of the symbols that a module refers to."""

from __future__ import annotations

import ast
import functools

from migrate.mappings import symbols
from migrate.mappings.symbols import Missing
from migrate.scanning.bindings import Symbols
from migrate.scanning.syntax import Reference, SourceModule

# TensorFlow 2.16 and later do not bring this package along.
_PACKAGE = "tensorflow_estimator"
V1 = "tensorflow.compat.v1"
_CONTRIB = "compat.v1.contrib"


@functools.lru_cache(maxsize=8192)
def missing(names: Symbols) -> Missing | None:
    """Returns the row of the first symbol, if all that a reference may stand for are missing."""
    rows = [_row(symbol) for symbol in names]
    gone = [row for row in rows if row is not None and row.where == symbols.EVERYWHERE]
    return gone[0] if len(gone) == len(rows) and gone else None


def _row(symbol: str) -> Missing | None:
    if symbol.partition(".")[0] == _PACKAGE:
        return Missing(name=symbol, since="2.16", where=symbols.EVERYWHERE, in_v1=symbols.NOWHERE)
    if not symbol.startswith("tensorflow."):
        return None
    name = symbol.removeprefix("tensorflow.")
    # `tf.contrib` is a row of its own: it was a part of TensorFlow 1, and of no `compat.v1`.
    return symbols.find(name.removeprefix("compat.v1.") if name.startswith(_CONTRIB) else name)


def is_of_the_package(symbol: str) -> bool:
    """Tells whether a symbol is one of `tensorflow_estimator`."""
    return symbol.partition(".")[0] == _PACKAGE


def in_v1(name: str) -> bool:
    """Tells whether `tf.compat.v1` has a name, such as `layers.dense`, with legacy Keras."""
    row = symbols.find(f"compat.v1.{name.removeprefix('compat.v1.')}")
    return row is None or row.where == symbols.WITH_KERAS_3


def base_of(node: ast.AST) -> ast.Name | None:
    """Returns the name that a dotted expression begins with; None for another expression."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def by_string(module: SourceModule) -> list[Reference]:
    """Lists the calls of `getattr(tf, "name")`, which name a symbol by a string."""
    result = []
    for call in module.nodes(ast.Call):
        if not isinstance(call.func, ast.Name) or call.func.id != "getattr" or call.keywords:
            continue
        if len(call.args) != 2 or not isinstance(call.args[1], ast.Constant):
            continue
        name = call.args[1].value
        found = module.symbols(call.args[0])
        if found and isinstance(name, str) and name.isidentifier():
            result.append(Reference(call, tuple(f"{symbol}.{name}" for symbol in found)))
    return result
