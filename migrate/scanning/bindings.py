"""What the names of a module stand for: scopes, and the bindings in each.

A name is resolved to *symbols*: dotted paths from an imported package, such as
`tensorflow.compat.v1.losses`. There are several where branches bind the name differently.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable

Symbols = tuple[str, ...]
# The dotted module of a relative or absolute import, its level, and a name in it -> its symbols.
Exports = Callable[[str, int, str], Symbols]


@dataclasses.dataclass(slots=True)
class Binding:
    """A place that binds a name.

    Attributes:
      line: The name is bound from the next line on: on the line of an assignment, a name on the
        right of `=` was bound before.
      conditional: Whether it stands in a branch, a loop or a `try`.
      symbol: What an import binds; None for other bindings.
      value: The expression that is assigned, or the `def` or `class`, or the whole of `a += b`;
        None if it is not known.
      element: For `a, b = value`: the place of the name, from 0; then `value` is the whole tuple.
      imported_from: For `from a import b`: the module, its level, and the name.
      alias: The name in the import that binds it; None for other bindings.
    """

    line: int
    conditional: bool
    symbol: str | None = None
    value: ast.AST | None = None
    element: int | None = None
    imported_from: tuple[str, int, str] | None = None
    alias: ast.alias | None = None


class Scope:
    """The names that a module, class, function or comprehension binds.

    Attributes:
      node: The module, `class`, `def`, lambda or comprehension.
      parent: The scope around it; None for a module.
      bindings: By name, in the order of the source.
      elsewhere: The scope of each name that is declared `global` or `nonlocal`.
    """

    __slots__ = ("bindings", "elsewhere", "is_class", "node", "parent")

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.is_class = isinstance(node, ast.ClassDef)
        self.bindings: dict[str, list[Binding]] = {}
        self.elsewhere: dict[str, Scope | None] = {}

    def bind(self, name: str, binding: Binding) -> None:
        """Adds a binding of a name."""
        scope = self.elsewhere.get(name, self)
        if scope is None:  # a `nonlocal` that is bound nowhere: Python refuses the program
            return
        if scope is not self:
            binding.conditional = True
        scope.bindings.setdefault(name, []).append(binding)

    def find(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """Returns the scope that a name is read from here, and its bindings there."""
        scope: Scope | None = self.elsewhere.get(name, self)
        is_first = True
        while scope is not None:
            bindings = scope.bindings.get(name)
            if bindings and (is_first or not scope.is_class):
                return scope, bindings
            scope, is_first = scope.parent, False
        return None


def reaching(bindings: list[Binding], line: int | None) -> list[Binding]:
    """Returns the bindings that a read may see: the last unconditional one and those after it.

    Args:
      bindings: All bindings of the name in its scope.
      line: The line of a read in the same scope; None for a read in a function, which may run when
        the module or the function around it has been run to its end.
    """
    if len(bindings) == 1:
        return bindings
    ordered = sorted(bindings, key=lambda binding: binding.line)
    if line is not None:
        ordered = [binding for binding in ordered if binding.line < line] or ordered
    last = max((n for n, each in enumerate(ordered) if not each.conditional), default=0)
    return ordered[last:]


class Resolver:
    """Resolves expressions to symbols.

    Args:
      exports: Finds what a module of the scanned tree exports; it returns no symbols for a module
        that is not in the tree.
    """

    def __init__(self, exports: Exports | None = None) -> None:
        self._exports = exports
        self._known: dict[tuple[Scope, str, int | None], Symbols] = {}

    def symbols(self, node: ast.AST, scope: Scope) -> Symbols:
        """Returns the symbols that an expression may stand for; none if one is not known."""
        name, rest = dotted(node)
        return self.symbols_of(name, rest, node.lineno, scope) if name else ()  # type: ignore[attr-defined]

    def symbols_of(self, name: str, rest: str, line_read: int, scope: Scope) -> Symbols:
        """Returns the symbols that a name and what follows it may stand for, as in `symbols`."""
        found = scope.find(name)
        if found is None:
            return ()
        owner, bindings = found
        line = line_read if owner is scope and len(bindings) > 1 else None
        key = (owner, name, line)
        if key not in self._known:
            self._known[key] = self._of_bindings(reaching(bindings, line), owner)
        known = self._known[key]
        return tuple(of_itself(symbol + rest) for symbol in known) if known and rest else known

    def _of_bindings(self, bindings: list[Binding], scope: Scope) -> Symbols:
        result: dict[str, None] = {}
        for binding in bindings:
            symbols = self._of_binding(binding, scope)
            if not symbols:
                return ()
            result.update(dict.fromkeys(symbols))
        return tuple(result)

    def _of_binding(self, binding: Binding, scope: Scope) -> Symbols:
        if binding.imported_from is not None and self._exports is not None:
            symbols = self._exports(*binding.imported_from)
            if symbols:
                return symbols
        if binding.symbol is not None:
            return (binding.symbol,)
        return self._of_value(binding, scope)

    def _of_value(self, binding: Binding, scope: Scope) -> Symbols:
        """Returns the symbols of `a.b` in an assignment; `a` was bound before, as in `a = a.b`."""
        name, rest = dotted(binding.value) if binding.element is None else ("", "")
        found = scope.find(name) if name else None
        if found is None:
            return ()
        owner, bindings = found
        if owner is scope:
            bindings = [each for each in bindings if each.line < binding.line]
        if not bindings:
            return ()
        symbols = self._of_bindings(reaching(bindings, None), owner)
        return tuple(of_itself(symbol + rest) for symbol in symbols)


_V1_OF_V1 = "tensorflow.compat.v1.compat.v1"
_V2_OF_V1 = "tensorflow.compat.v1.compat.v2"


def of_itself(symbol: str) -> str:
    """Returns a symbol by its short name: `tf.compat.v1` has itself as `compat.v1`."""
    while symbol.startswith(_V1_OF_V1):
        symbol = symbol.replace(_V1_OF_V1, "tensorflow.compat.v1", 1)
    return symbol.replace(_V2_OF_V1, "tensorflow", 1) if symbol.startswith(_V2_OF_V1) else symbol


def dotted(node: ast.AST | None) -> tuple[str, str]:
    """Returns `a` and `.b.c` of the expression `a.b.c`; two "" for another expression."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append("." + node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "", ""
    return node.id, "".join(reversed(attributes))
