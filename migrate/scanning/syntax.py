"""A module as its rules see it: what is called, what is referred to, and what is around a node."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar, cast

from migrate.scanning.bindings import Exports, Resolver, Scope, Symbols
from migrate.scanning.scopes import Walk
from migrate.scanning.source import SourceText

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
# What says that a branch is for another TensorFlow.
_VERSION_NAMES = frozenset({"__version__", "VERSION", "GIT_VERSION"})
_CATCHES_MISSING = frozenset(
    {"AttributeError", "BaseException", "Exception", "ImportError", "ModuleNotFoundError"}
)


class Reference:
    """An expression or an import that stands for a symbol.

    Attributes:
      node: The dotted expression, or the name in an import.
      symbols: What it may stand for; several if branches bind it differently.
    """

    __slots__ = ("node", "symbols")

    def __init__(self, node: ast.expr | ast.alias, symbols: Symbols) -> None:
        self.node = node
        self.symbols = symbols


class SourceModule:
    """A parsed module.

    Attributes:
      path: As it stands in findings.
      source: Its text.
      tree: Its syntax tree.
    """

    def __init__(
        self, path: str, source: SourceText, tree: ast.Module, exports: Exports | None = None
    ) -> None:
        self.path = path
        self.source = source
        self.tree = tree
        self._walk = Walk(tree)
        self._resolver = Resolver(exports)
        self.references = list(self._references())
        self.calls = list(self._calls())

    def nodes(self, kind: type[Node]) -> list[Node]:
        """Lists the nodes of a type, in the order of the source."""
        return cast("list[Node]", self._walk.nodes[kind])

    def functions(self) -> list[Function]:
        """Lists the functions, in the order of the source."""
        every = [*self.nodes(ast.FunctionDef), *self.nodes(ast.AsyncFunctionDef)]
        return sorted(every, key=lambda node: node.lineno)

    def symbols(self, node: ast.AST) -> Symbols:
        """Returns what an expression may stand for; none if that is not known."""
        base = node
        while isinstance(base, ast.Attribute):
            base = base.value
        scope = self._walk.scopes.get(base)
        return () if scope is None else self._resolver.symbols(node, scope)

    def symbol(self, node: ast.AST) -> str:
        """Returns the one symbol that an expression stands for; "" if that is not known."""
        symbols = self.symbols(node)
        return symbols[0] if len(symbols) == 1 else ""

    def scope(self, node: ast.AST) -> Scope:
        """Returns the scope in which a node is evaluated."""
        return self._walk.scopes[node]

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yields the nodes around a node, from the inside to the module."""
        parent = self._walk.parents.get(node)
        while parent is not None:
            yield parent
            parent = self._walk.parents.get(parent)

    def value_of(self, node: ast.AST) -> ast.AST:
        """Follows a name to the one expression that is assigned to it; otherwise returns `node`."""
        for _ in range(9):
            if not isinstance(node, ast.Name):
                break
            found = self.scope(node).find(node.id)
            if found is None or len(found[1]) != 1 or found[1][0].value is None:
                break
            node = found[1][0].value
        return node

    def is_for_other_versions(self, node: ast.AST) -> bool:
        """Tells whether a node runs only where a name is there, or for some TensorFlows.

        It does in a `try` whose handler catches a missing name, and in a branch on the version.
        """
        child = node
        for parent in self.parents(node):
            if isinstance(parent, ast.Try) and child in parent.body:
                if any(_catches_missing(handler) for handler in parent.handlers):
                    return True
            elif isinstance(parent, ast.If | ast.IfExp | ast.While):
                if child is not parent.test and _asks_for_version(parent.test):
                    return True
            child = parent
        return False

    def _references(self) -> Iterator[Reference]:
        for statement in self.nodes(ast.Import):
            for alias in statement.names:
                yield Reference(alias, (alias.name,))
        for imported in self.nodes(ast.ImportFrom):
            for alias in imported.names if not imported.level else ():
                name = "" if alias.name == "*" else f".{alias.name}"
                yield Reference(alias, (f"{imported.module}{name}",))
        for chain in self._walk.chains:
            symbols = self._resolver.symbols(chain.node, chain.scope)
            if symbols:
                yield Reference(chain.node, symbols)

    def _calls(self) -> Iterator[tuple[ast.Call, str]]:
        for reference in self.references:
            parent = self._walk.parents.get(reference.node)
            if isinstance(parent, ast.Call) and parent.func is reference.node:
                yield parent, reference.symbols[0]


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    if caught is None:
        return True
    types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(each, ast.Name) and each.id in _CATCHES_MISSING for each in types)


def _asks_for_version(test: ast.AST) -> bool:
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute) and node.attr in _VERSION_NAMES:
            return True
        if isinstance(node, ast.Name) and (node.id == "hasattr" or "version" in node.id.lower()):
            return True
    return False
