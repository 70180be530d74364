"""Statements of the flattened model_fn, and the names that they read and write."""

import ast
import dataclasses
from collections.abc import Iterable, Sequence

# Methods that change the list, dict or set that they are called on.
_CHANGING = ("append", "extend", "insert", "update", "setdefault", "add", "pop", "remove", "clear")


@dataclasses.dataclass(slots=True)
class Statement:
    """A statement, in the modes that run it.

    Attributes:
      node: The statement; names of helpers' variables are changed where they would collide.
      modes: The modes that run it.
      comments: The comments before it.
      scopes: The `with` items around it that are kept, outer ones first.
      is_model: Whether it calls what makes weights, in a forward pass that is kept.
      makes_variables: Whether the forward pass that is kept makes variables in it, so that it must
        run although nothing may read what it assigns.
      refusal: Why it is not translated; None if it is. It is raised where the statement is needed,
        as most that prepare a train_op are not.
    """

    node: ast.stmt
    modes: frozenset[str]
    comments: list[str] = dataclasses.field(default_factory=list)
    scopes: tuple[ast.withitem, ...] = ()
    is_model: bool = False
    makes_variables: bool = False
    refusal: Exception | None = None


def in_scopes(statements: Sequence[Statement]) -> list[ast.stmt]:
    """Returns the statements with the `with`s around them that are kept."""
    found: list[ast.stmt] = []
    index = 0
    while index < len(statements):
        if not statements[index].scopes:
            found.append(statements[index].node)
            index += 1
            continue
        outer = statements[index].scopes[0]
        inner = []
        while index < len(statements) and statements[index].scopes[:1] == (outer,):
            one = statements[index]
            inner.append(dataclasses.replace(one, scopes=one.scopes[1:]))
            index += 1
        found.append(ast.With(items=[outer], body=in_scopes(inner), lineno=inner[0].node.lineno))
    return found


def loads(node: ast.AST | None) -> set[str]:
    """Returns the names that a node reads from outside of itself."""
    if node is None:
        return set()
    bound: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.comprehension):
            bound |= stores(one.target)
        elif isinstance(one, ast.Lambda | ast.FunctionDef):
            arguments = one.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            bound |= {a.arg for a in every}
            bound |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
            if isinstance(one, ast.FunctionDef):
                bound |= _bound(one)
    read = {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
    if isinstance(node, ast.For):
        # What the body reads before it is written may come from the iteration before.
        bound |= stores(node.target)
    if isinstance(node, ast.FunctionDef):
        bound |= _bound(node)
    if isinstance(node, ast.AugAssign):
        read |= stores(node.target)
    return read - bound


def _bound(function: ast.FunctionDef) -> set[str]:
    """Returns the names that a function binds; not those of which it changes an element."""
    nodes = [one for statement in function.body for one in ast.walk(statement)]
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for one in nodes:
        if isinstance(one, ast.Import | ast.ImportFrom):
            names |= {each.asname or each.name.partition(".")[0] for each in one.names}
    return names


def stores(node: ast.AST | None) -> set[str]:
    """Returns the names that a node writes, also those of which it changes an element."""
    if node is None:
        return set()
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, ast.Subscript | ast.Attribute) and isinstance(one.ctx, ast.Store):
            base: ast.AST = one
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name):
                found.add(base.id)
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            found |= _changed(one.value)
    for one in ast.walk(node):
        if isinstance(one, ast.comprehension):
            found -= stores(one.target)
    return found


def _changed(node: ast.Call) -> set[str]:
    """Returns the list, dict or set that a call changes, such as `pooled.append(x)`."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr not in _CHANGING:
        return set()
    base: ast.AST = func.value
    while isinstance(base, ast.Subscript | ast.Attribute):
        base = base.value
    return {base.id} if isinstance(base, ast.Name) else set()


def kills(node: ast.stmt) -> set[str]:
    """Returns the names whose earlier values nothing after the statement can read."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return set()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names: set[str] = set()
    for target in targets:
        elements = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        names |= {one.id for one in elements if isinstance(one, ast.Name)}
    return names


def needed_for(
    statements: Sequence[Statement],
    wanted: Iterable[str],
    mode: str,
    *,
    always: Sequence[Statement] = (),
) -> tuple[list[Statement], set[str]]:
    """Returns the statements that a mode needs to compute names, and the names that these read.

    Args:
      statements: All statements, in order.
      wanted: The names.
      mode: The mode.
      always: Statements that are needed whatever they compute.

    Returns:
      The statements in order, and what must be there before the first of them.

    Raises:
      Refusal: One of them is not translated.
    """
    needed, chosen = set(wanted), []
    forced = {id(one) for one in always}
    for statement in reversed(statements):
        is_needed = id(statement) in forced or stores(statement.node) & needed
        if mode in statement.modes and is_needed:
            if statement.refusal is not None:
                raise statement.refusal
            chosen.append(statement)
            needed -= kills(statement.node)
            needed |= loads(statement.node)
    return chosen[::-1], needed
