"""A module as its rules see it: what is called, what is referred to, and what is around a node."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from typing import TypeVar, cast

from migrate.scanning.bindings import Binding, Exports, Resolver, Scope, Symbols, reaching
from migrate.scanning.scopes import Walk, all_arguments
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
      references: The expressions and imports that stand for symbols.
      calls: The calls of TensorFlow and Keras, with their `api_name`.
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

    def binding(self, name: ast.Name) -> Binding | None:
        """Returns the one binding that a read of a name can see; None if there are several."""
        seen = self.bindings(name)
        return seen[0] if len(seen) == 1 else None

    def bindings_of(self, name: str) -> list[Binding]:
        """Lists all bindings of a name, in whatever scope."""
        scopes = {self._walk.root, *self._walk.scopes.values()}
        return [binding for scope in scopes for binding in scope.bindings.get(name, ())]

    def bindings(self, name: ast.Name) -> list[Binding]:
        """Lists the bindings that a read of a name can see."""
        scope = self._walk.scopes.get(name)
        found = scope.find(name.id) if scope is not None else None
        if found is None:
            return []
        owner, bindings = found
        if isinstance(name.ctx, ast.Store):  # in `a += b`, which reads what `a` was before
            bindings = [each for each in bindings if each.line < name.lineno]
        return reaching(bindings, name.lineno if owner is scope else None) if bindings else []

    def value_of(self, node: ast.AST) -> ast.AST:
        """Follows a name to the one expression that is assigned to it; otherwise returns `node`.

        `self.x` is followed, too, if its class assigns it in one place, or defines it once.
        """
        for _ in range(9):
            if isinstance(node, ast.Attribute):
                value = self._value_of_attribute(node)
                if value is None:
                    break
                node = value
                continue
            binding = self.binding(node) if isinstance(node, ast.Name) else None
            if binding is None or binding.value is None or binding.element is not None:
                break
            if isinstance(binding.value, ast.AugAssign):
                break
            node = binding.value
        return node

    def _value_of_attribute(self, node: ast.Attribute) -> ast.AST | None:
        if not isinstance(node.value, ast.Name) or node.value.id != "self":
            return None
        values = self._attributes.get((self._class_of(node), node.attr), [])
        return values[0] if len(values) == 1 else None

    @functools.cached_property
    def _attributes(self) -> dict[tuple[ast.ClassDef | None, str], list[ast.AST | None]]:
        """What each class has by `self.x`; None for what is not one expression or method."""
        found: dict[tuple[ast.ClassDef | None, str], list[ast.AST | None]] = {}
        for function in self.nodes(ast.FunctionDef):
            owner = next(self.parents(function))
            if isinstance(owner, ast.ClassDef) and not _is_property(function):
                found.setdefault((owner, function.name), []).append(function)
        for assigned in self.nodes(ast.Assign):
            for target in assigned.targets:
                for attribute in _attributes_of_self(target):
                    value = assigned.value if attribute is target else None
                    key = self._class_of(assigned), attribute.attr
                    found.setdefault(key, []).append(value)
        others: list[ast.AugAssign | ast.AnnAssign] = [
            *self.nodes(ast.AugAssign),
            *self.nodes(ast.AnnAssign),
        ]
        for statement in others:
            for attribute in _attributes_of_self(statement.target):
                value = statement.value if isinstance(statement, ast.AnnAssign) else None
                found.setdefault((self._class_of(statement), attribute.attr), []).append(value)
        return found

    def _class_of(self, node: ast.AST) -> ast.ClassDef | None:
        return next((each for each in self.parents(node) if isinstance(each, ast.ClassDef)), None)

    def function_of(self, node: ast.AST) -> Function | None:
        """Returns the function whose code a node belongs to; None outside of functions."""
        parents = self._walk.parents
        parent = parents.get(node)
        while parent is not None:
            kind = parent.__class__
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                return cast("Function", parent)
            if kind is ast.Lambda:
                return None
            parent = parents.get(parent)
        return None

    def is_in_model_fn(self, node: ast.AST) -> bool:
        """Tells whether a node is in a function that takes `features` and `mode`."""
        for parent in self.parents(node):
            if isinstance(parent, Function):
                names = {each.arg for each in all_arguments(parent.args)}
                if {"features", "mode"} <= names:
                    return True
        return False

    def returns(self, function: Function) -> list[ast.Return]:
        """Lists the `return` statements of a function, without those of functions in it."""
        return self._returns.get(function, [])

    @functools.cached_property
    def _returns(self) -> dict[Function | None, list[ast.Return]]:
        found: dict[Function | None, list[ast.Return]] = {}
        for node in self.nodes(ast.Return):
            found.setdefault(self.function_of(node), []).append(node)
        return found

    def is_for_other_versions(self, node: ast.AST) -> bool:
        """Tells whether a node runs only where a name is there, or for some TensorFlows.

        It does in a `try` whose handler catches a missing name, and in a branch on the version.
        """
        child = node
        for parent in self.parents(node):
            if isinstance(parent, ast.Try) and child in parent.body:
                if any(_catches_missing(handler) for handler in parent.handlers):
                    return True
            elif (
                isinstance(parent, ast.If | ast.IfExp | ast.While)
                and child is not parent.test
                and _asks_for_version(parent.test)
            ):
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
            symbols = self._resolver.symbols_of(
                chain.name, chain.rest, chain.node.lineno, chain.scope
            )
            if symbols:
                yield Reference(chain.node, symbols)

    def _calls(self) -> Iterator[tuple[ast.Call, str]]:
        for reference in self.references:
            parent = self._walk.parents.get(reference.node)
            if isinstance(parent, ast.Call) and parent.func is reference.node:
                names = {api_name(symbol) for symbol in reference.symbols}
                if len(names) == 1 and "" not in names:
                    yield parent, names.pop()


def _attributes_of_self(target: ast.expr) -> list[ast.Attribute]:
    """Returns the attributes of `self` that an assignment to a target binds."""
    each = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return [
        one
        for one in each
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
    ]


def _is_property(function: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(each) for each in function.decorator_list)


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


# Second names of symbols that rules ask for.
_SECOND_NAMES = {
    "math.reduce_mean": "reduce_mean",
    "math.reduce_sum": "reduce_sum",
    "math.add_n": "add_n",
    "math.multiply": "multiply",
}


@functools.lru_cache(maxsize=8192)
def api_name(symbol: str) -> str:
    """Returns the name that a symbol has below `tf`, whichever part of the API it is named by.

    `tensorflow.compat.v1.losses.log_loss` is "losses.log_loss", `tf_keras.losses.Loss` is
    "keras.losses.Loss", `estimator_compat.RunConfig` and `estimator_compat.v1.RunConfig` are
    "estimator.RunConfig". A symbol of another package has no such name: "".
    """
    package, _, name = symbol.partition(".")
    if package == "estimator_compat":
        name = name.removeprefix("v1.")
        return name if name.startswith("contrib.") else f"estimator.{name}".rstrip(".")
    if package in ("keras", "tf_keras"):
        return f"keras.{name}"
    if package != "tensorflow":
        return ""
    for prefix in ("compat.v1.", "compat.v2."):
        name = name.removeprefix(prefix)
    return _SECOND_NAMES.get(name, name)


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """Returns an argument of a call by its name or position; None if it is not written out."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is None or position >= len(call.args):
        return None
    return None if has_stars(call) else call.args[position]


def has_stars(call: ast.Call) -> bool:
    """Tells whether a call passes arguments that are not written out: `*args`, `**kwargs`."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )
