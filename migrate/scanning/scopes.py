"""One walk over a module: its scopes, the parents of its nodes, and its nodes by type."""

from __future__ import annotations

import ast
import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator

from migrate.scanning.bindings import Binding, Scope

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OPENERS = frozenset({*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef})
_BRANCHES = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.ExceptHandler, ast.IfExp}
    | ({ast.TryStar} if hasattr(ast, "TryStar") else set())
)
_IMPORTS = frozenset({ast.Import, ast.ImportFrom})
# Fields that hold no nodes that anybody asks for: names, constants, operators.
_NOT_NODES = frozenset(
    {
        *("arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs"),
        *("level", "module", "n", "name", "names", "op", "ops", "rest", "s", "simple"),
        *("type_comment", "type_ignores", "type_params"),
    }
)
_DOTTED = (ast.Attribute, ast.Name)
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(field for field in reversed(kind._fields) if field not in _NOT_NODES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_FIELDS[ast.Constant] = ()


@dataclasses.dataclass(slots=True)
class Chain:
    """A name or a dotted expression.

    Attributes:
      node: The whole of it.
      name: The name that it begins with.
      rest: What follows the name, such as `.a.b`.
      scope: Where it is evaluated.
    """

    node: ast.Attribute | ast.Name
    name: str
    rest: str
    scope: Scope


class Walk:
    """What one walk over a module finds.

    Attributes:
      root: The scope of the module.
      parents: The node around each node.
      scopes: The scope in which each name and definition is evaluated.
      nodes: The nodes of each type but names, in the order of the source.
      chains: The dotted expressions and names that begin with a name which stands for a symbol.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.root = Scope(tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        # An own stack: a long chain of operators is nested deeper than Python may recurse.
        self._stack: list[tuple[ast.AST, Scope, bool]] = [(tree, self.root, False)]
        self._chains: list[tuple[ast.Attribute | ast.Name, str, str, Scope]] = []
        self._symbol_names: set[str] = set()
        self._visit_all()
        self.nodes[ast.Module].clear()
        names = self._symbol_names
        self.chains = [Chain(*chain) for chain in self._chains if chain[1] in names]
        self._chains.clear()

    def _visit_all(self) -> None:
        """Visits the nodes on the stack, and those below them; a module has very many."""
        stack, parents, scopes, nodes = self._stack, self.parents, self.scopes, self.nodes
        pop, push, add_chain = stack.pop, stack.append, self._chains.append
        while stack:
            node, scope, conditional = pop()
            kind = node.__class__
            if kind is ast.Name:
                scopes[node] = scope
                if node.ctx.__class__ is ast.Load:  # type: ignore[attr-defined]
                    add_chain((node, node.id, "", scope))  # type: ignore[attr-defined, arg-type]
                else:
                    self._bind_name(node, scope, conditional)
                continue
            if kind is ast.Attribute:
                self._chain(node, scope, conditional)
                continue
            nodes[kind].append(node)
            visit = _VISITS.get(kind)
            if visit is not None:
                inside = visit(self, node, scope, conditional)
                if inside is None:
                    continue
                conditional = inside
            # The first child is visited first.
            for field in _FIELDS[kind]:
                value = getattr(node, field, None)
                if value.__class__ is list:
                    for child in reversed(value):
                        if child is not None and child.__class__ is not ast.Constant:
                            parents[child] = node
                            push((child, scope, conditional))
                elif value is not None and value.__class__ is not ast.Constant:
                    parents[value] = node
                    push((value, scope, conditional))

    def _push_all(
        self, node: ast.AST, children: list[ast.AST], scope: Scope, conditional: bool
    ) -> None:
        parents, stack = self.parents, self._stack
        for child in reversed(children):
            if child is not None and child.__class__ is not ast.Constant:
                parents[child] = node
                stack.append((child, scope, conditional))

    def _bind_name(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        assert isinstance(node, ast.Name)
        parent = self.parents[node]
        binding = _assignment(node, parent, self.parents.get(parent))
        binding.conditional = conditional
        if binding.value.__class__ in _DOTTED:
            self._symbol_names.add(node.id)
        owner = scope
        if isinstance(parent, ast.NamedExpr):
            while isinstance(owner.node, _COMPREHENSIONS) and owner.parent is not None:
                owner = owner.parent
        owner.bind(node.id, binding)

    def _chain(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        """Visits a dotted expression; the attributes inside it are not visited one by one."""
        inner, rest, parents = node, "", self.parents
        while inner.__class__ is ast.Attribute:
            value = inner.value
            parents[value] = inner
            rest = f".{inner.attr}{rest}"
            inner = value
        if inner.__class__ is ast.Name:
            self.scopes[inner] = scope
            self._chains.append((node, inner.id, rest, scope))  # type: ignore[arg-type]
        else:
            self._stack.append((inner, scope, conditional))

    def open_scope(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        """Visits a node that has a scope of its own."""
        self.scopes[node] = scope
        if isinstance(node, ast.ClassDef):
            self._class(node, scope, conditional)
        elif isinstance(node, _FUNCTIONS):
            self._function(node, scope, conditional)
        else:
            self._comprehension(node, scope, conditional)

    def add_import(self, node: ast.AST, scope: Scope, conditional: bool) -> bool:
        """Visits an import, whose names stand for symbols."""
        names = node.names  # type: ignore[attr-defined]
        self.parents.update(dict.fromkeys(names, node))
        bind = _bind_import if isinstance(node, ast.Import) else _bind_import_from
        self._symbol_names.update(bind(node, scope, conditional))
        return conditional

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        scope: Scope,
        conditional: bool,
    ) -> None:
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
            outside += [node.returns] if node.returns is not None else []
            body = list(node.body)
        for argument in all_arguments(arguments):
            inner.bind(argument.arg, Binding(line=0, conditional=False))
            if argument.annotation is not None:
                outside.append(argument.annotation)
        self._push_all(node, body, inner, False)
        self._push_all(node, outside, scope, conditional)

    def _class(self, node: ast.ClassDef, scope: Scope, conditional: bool) -> None:
        scope.bind(node.name, Binding(line=node.lineno, conditional=conditional, value=node))
        self._push_all(node, list(node.body), Scope(node, scope), False)
        outside = [*node.decorator_list, *node.bases, *node.keywords]
        self._push_all(node, outside, scope, conditional)

    def _comprehension(self, node: ast.AST, scope: Scope, conditional: bool) -> None:
        first, *rest = list(node.generators)  # type: ignore[attr-defined]
        inner = Scope(node, scope)
        elements = [
            getattr(node, field) for field in ("elt", "key", "value") if field in node._fields
        ]
        inside = [first.target, *first.ifs, *rest, *elements]
        self._push_all(node, inside, inner, conditional)
        self._push_all(node, [first.iter], scope, conditional)


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Lists the parameters of a function."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return every + [each for each in (arguments.vararg, arguments.kwarg) if each is not None]


def _assignment(name: ast.Name, parent: ast.AST, above: ast.AST | None) -> Binding:
    """Returns the binding of a name; its value is None if that is not one expression."""
    if isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr):
        return Binding(line=_end(parent), conditional=False, value=parent.value)
    if isinstance(parent, ast.AugAssign):
        return Binding(line=_end(parent), conditional=False, value=parent)
    if isinstance(parent, ast.Tuple | ast.List) and isinstance(above, ast.Assign):
        starred = any(isinstance(each, ast.Starred) for each in parent.elts)
        element = None if starred else parent.elts.index(name)
        value = above.value if element is not None else None
        return Binding(line=_end(above), conditional=False, value=value, element=element)
    return Binding(line=name.lineno - 1, conditional=False)


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _bind_import(node: ast.AST, scope: Scope, conditional: bool) -> Iterator[str]:
    """Binds the names of an import, and yields them."""
    assert isinstance(node, ast.Import)
    for alias in node.names:
        symbol = alias.name if alias.asname else alias.name.partition(".")[0]
        name = alias.asname or symbol
        binding = Binding(line=_end(node), conditional=conditional, symbol=symbol, alias=alias)
        scope.bind(name, binding)
        yield name


def _bind_import_from(node: ast.AST, scope: Scope, conditional: bool) -> Iterator[str]:
    """Binds the names of an import, and yields them."""
    assert isinstance(node, ast.ImportFrom)
    module = node.module or ""
    for alias in node.names:
        name = alias.asname or alias.name
        binding = Binding(
            line=_end(node),
            conditional=conditional,
            symbol=f"{module}.{alias.name}" if not node.level else None,
            imported_from=(module, node.level, alias.name),
            alias=alias,
        )
        scope.bind(name, binding)
        yield name


def _bind_handler(node: ast.AST, scope: Scope, _: bool) -> None:
    assert isinstance(node, ast.ExceptHandler)
    if node.name:
        scope.bind(node.name, Binding(line=node.lineno - 1, conditional=True))


def _declare_global(node: ast.AST, scope: Scope, _: bool) -> None:
    assert isinstance(node, ast.Global)
    root = scope
    while root.parent is not None:
        root = root.parent
    scope.elsewhere.update(dict.fromkeys(node.names, root))


def _declare_nonlocal(node: ast.AST, scope: Scope, _: bool) -> None:
    assert isinstance(node, ast.Nonlocal)
    for name in node.names:
        found = scope.parent.find(name) if scope.parent else None
        scope.elsewhere[name] = found[0] if found else None


def _bind_match(node: ast.AST, scope: Scope, _: bool) -> None:
    name = getattr(node, "name", None) or getattr(node, "rest", None)
    if name:
        scope.bind(name, Binding(line=node.lineno - 1, conditional=True))  # type: ignore[attr-defined]


_BINDERS = {
    ast.ExceptHandler: _bind_handler,
    ast.Global: _declare_global,
    ast.Nonlocal: _declare_nonlocal,
    ast.MatchAs: _bind_match,
    ast.MatchStar: _bind_match,
    ast.MatchMapping: _bind_match,
}


def _visit_binder(walk: Walk, node: ast.AST, scope: Scope, conditional: bool) -> bool:  # noqa: ARG001
    kind = node.__class__
    _BINDERS[kind](node, scope, conditional)
    return conditional or kind in _BRANCHES


def _visit_branch(walk: Walk, node: ast.AST, scope: Scope, conditional: bool) -> bool:  # noqa: ARG001
    return True


# What is done with a node of a type before its children are visited: it returns whether they are
# in a branch, or None if it puts them on the stack itself.
_VISITS: dict[type[ast.AST], Callable[[Walk, ast.AST, Scope, bool], bool | None]] = {
    **dict.fromkeys(_BRANCHES, _visit_branch),
    **dict.fromkeys(_BINDERS, _visit_binder),
    **dict.fromkeys(_OPENERS, Walk.open_scope),
    **dict.fromkeys(_IMPORTS, Walk.add_import),
}
