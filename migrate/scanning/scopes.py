"""One walk over a module: its scopes, the parents of its nodes, and its nodes by type."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from migrate.scanning.bindings import Binding, Scope

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.ExceptHandler, ast.IfExp)
# Nodes without a line, and operators: nothing asks for them.
_NOTHING = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


class Walk:
    """What one walk over a module finds.

    Attributes:
      root: The scope of the module.
      parents: The node around each node.
      scopes: The scope in which each name, call and definition is evaluated.
      nodes: The nodes of each type, in the order of the source.
      chains: The names and dotted expressions that are read, each as a whole.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.root = Scope(tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        self.chains: list[ast.Attribute | ast.Name] = []
        # An own stack: a long chain of operators is nested deeper than Python may recurse.
        self._stack: list[tuple[ast.AST, Scope, bool]] = []
        self._push(tree, self.root, False)
        while self._stack:
            self._visit(*self._stack.pop())

    def _push(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        """Puts the children of a node on the stack, so that the first is visited first."""
        self._push_all(node, list(_children(node)), scope, conditional)

    def _push_all(
        self, node: ast.AST, children: list[ast.AST], scope: Scope, conditional: bool
    ) -> None:
        for child in reversed(children):
            self.parents[child] = node
            self._stack.append((child, scope, conditional))

    def _visit(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        kind = type(node)
        self.nodes[kind].append(node)
        self.scopes[node] = scope
        if kind is ast.Attribute:
            self._chain(node, scope, conditional)
        elif kind is ast.Name:
            self._name(node, scope, conditional)
        elif kind in _OPENERS:
            _OPENERS[kind](self, node, scope, conditional)
        else:
            binder = _BINDERS.get(kind)
            if binder is not None:
                binder(node, scope, conditional)
            self._push(node, scope, conditional or kind in _BRANCHES)

    def _chain(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        """Visits a dotted expression; the attributes inside it are not visited one by one."""
        assert isinstance(node, ast.Attribute)
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            self.parents[inner.value] = inner
            inner = inner.value
        if isinstance(inner, ast.Name):
            self.scopes[inner] = scope
            self.chains.append(node)
        else:
            self._stack.append((inner, scope, conditional))

    def _name(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        assert isinstance(node, ast.Name)
        if isinstance(node.ctx, ast.Load):
            self.chains.append(node)
            return
        value = _assigned_value(node, self.parents[node])
        owner = scope
        while isinstance(owner.node, _COMPREHENSIONS) and isinstance(
            self.parents[node], ast.NamedExpr
        ):
            assert owner.parent is not None
            owner = owner.parent
        owner.bind(node.id, Binding(line=node.lineno, conditional=conditional, value=value))

    def _function(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        assert isinstance(node, _FUNCTIONS)
        inner = Scope(node, scope)
        arguments = node.args
        outside: list[ast.AST] = [*arguments.defaults]
        outside += [default for default in arguments.kw_defaults if default is not None]
        body: list[ast.AST]
        if isinstance(node, ast.Lambda):
            body = [node.body]
        else:
            scope.bind(node.name, Binding(line=node.lineno, conditional=conditional, value=node))
            outside += node.decorator_list
            body = list(node.body)
        for argument in all_arguments(arguments):
            inner.bind(argument.arg, Binding(line=0, conditional=False))
            if argument.annotation is not None:
                outside.append(argument.annotation)
        self._push_all(node, body, inner, False)
        self._push_all(node, outside, scope, conditional)

    def _class(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        assert isinstance(node, ast.ClassDef)
        scope.bind(node.name, Binding(line=node.lineno, conditional=conditional, value=node))
        self._push_all(node, list(node.body), Scope(node, scope), False)
        outside = [*node.decorator_list, *node.bases, *node.keywords]
        self._push_all(node, outside, scope, conditional)

    def _comprehension(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        first, *rest = list(node.generators)  # type: ignore[attr-defined]
        inner = Scope(node, scope)
        others = [child for child in _children(node) if child is not first]
        inside = [first.target, *first.ifs, *others]
        self._push_all(node, inside, inner, conditional)
        self._push_all(node, [first.iter], scope, conditional)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            if not isinstance(value, _NOTHING):
                yield value
        elif isinstance(value, list):
            yield from (
                each for each in value if isinstance(each, ast.AST) and type(each) not in _NOTHING
            )


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Lists the parameters of a function."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return every + [each for each in (arguments.vararg, arguments.kwarg) if each is not None]


def _assigned_value(name: ast.Name, parent: ast.AST) -> ast.AST | None:
    """Returns the expression that a name is bound to; None if it is not one expression."""
    if isinstance(parent, ast.Assign | ast.NamedExpr):
        return parent.value
    if isinstance(parent, ast.AnnAssign):
        return parent.value
    return None


def _bind_import(node: ast.AST, scope: Scope, conditional: bool) -> None:
    assert isinstance(node, ast.Import)
    for alias in node.names:
        symbol = alias.name if alias.asname else alias.name.partition(".")[0]
        name = alias.asname or symbol
        scope.bind(name, Binding(line=node.lineno, conditional=conditional, symbol=symbol))


def _bind_import_from(node: ast.AST, scope: Scope, conditional: bool) -> None:
    assert isinstance(node, ast.ImportFrom)
    module = node.module or ""
    for alias in node.names:
        symbol = f"{module}.{alias.name}" if not node.level else None
        scope.bind(
            alias.asname or alias.name,
            Binding(
                line=node.lineno,
                conditional=conditional,
                symbol=symbol,
                imported_from=(module, node.level, alias.name),
            ),
        )


def _bind_handler(node: ast.AST, scope: Scope, conditional: bool) -> None:
    assert isinstance(node, ast.ExceptHandler)
    if node.name:
        scope.bind(node.name, Binding(line=node.lineno, conditional=True))


def _declare_global(node: ast.AST, scope: Scope, conditional: bool) -> None:
    assert isinstance(node, ast.Global)
    root = scope
    while root.parent is not None:
        root = root.parent
    scope.elsewhere.update(dict.fromkeys(node.names, root))


def _declare_nonlocal(node: ast.AST, scope: Scope, conditional: bool) -> None:
    assert isinstance(node, ast.Nonlocal)
    for name in node.names:
        found = scope.parent.find(name) if scope.parent else None
        scope.elsewhere[name] = found[0] if found else None


def _bind_match(node: ast.AST, scope: Scope, conditional: bool) -> None:
    name = getattr(node, "name", None) or getattr(node, "rest", None)
    if name:
        scope.bind(name, Binding(line=node.lineno, conditional=True))  # type: ignore[attr-defined]


_BINDERS = {
    ast.Import: _bind_import,
    ast.ImportFrom: _bind_import_from,
    ast.ExceptHandler: _bind_handler,
    ast.Global: _declare_global,
    ast.Nonlocal: _declare_nonlocal,
    ast.MatchAs: _bind_match,
    ast.MatchStar: _bind_match,
    ast.MatchMapping: _bind_match,
}
_OPENERS = {
    **dict.fromkeys(_FUNCTIONS, Walk._function),
    **dict.fromkeys(_COMPREHENSIONS, Walk._comprehension),
    ast.ClassDef: Walk._class,
}
