"""The edit that imports `estimator_compat` before TensorFlow."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator

from migrate.findings import Edit
from migrate.scanning.bindings import Binding
from migrate.scanning.statement_edits import insert_after, insert_before
from migrate.scanning.syntax import SourceModule

NAME = "estimator_compat"
FOR_KERAS = f"import {NAME}  # noqa: F401  (it asks TensorFlow for legacy Keras)"
_IMPORTS = (ast.Import, ast.ImportFrom)


@functools.lru_cache(maxsize=1)
def name_of(module: SourceModule) -> str | None:
    """Returns the name by which a module may refer to `estimator_compat`.

    Returns:
      The name of its import at the top; `estimator_compat` if there is none yet; None if that name
      stands for something else.
    """
    for statement in module.tree.body:
        for alias in statement.names if isinstance(statement, ast.Import) else ():
            if alias.name == NAME and _is_only(module, alias.asname or NAME):
                return alias.asname or NAME
    return NAME if _is_only(module, NAME) else None


def _is_only(module: SourceModule, name: str) -> bool:
    return all(map(_is_ours, module.bindings_of(name)))


def _is_ours(binding: Binding) -> bool:
    return binding.symbol == NAME


@functools.lru_cache(maxsize=2)
def edits(module: SourceModule, *, is_used: bool = True) -> tuple[Edit, ...]:
    """Returns the edit that imports `estimator_compat`; none if the module does already.

    It comes before the first import of another project, since such a module may import TensorFlow,
    too, and behind the docstring and `from __future__` imports.

    Args:
      module: The module.
      is_used: Whether the module uses the name `estimator_compat`.
    """
    if any(map(_imports_ours, module.tree.body)):
        return ()
    text = f"import {NAME}" if is_used else FOR_KERAS
    first = first_import(module)
    if first is not None:
        return (insert_before(module.source, first, text),)
    head = list(_head(module.tree))
    if len(head) < len(module.tree.body):
        return (insert_before(module.source, module.tree.body[len(head)], text),)
    return (insert_after(module.source, head[-1], text),)


def first_import(module: SourceModule) -> ast.stmt | None:
    """Returns the first statement of the module that imports something of another project."""
    statements: set[ast.AST] = set()
    for kind in _IMPORTS:
        for node in module.nodes(kind):
            if _is_foreign(node) and module.function_of(node) is None:
                around = [node, *module.parents(node)]
                statements.add(around[-2])  # the last one is the module
    return next((each for each in module.tree.body if each in statements), None)


def _imports_ours(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""] if not statement.level else []
    else:
        names = [alias.name for alias in getattr(statement, "names", ()) if _is_alias(alias)]
    return any(name.partition(".")[0] == NAME for name in names)


def _is_alias(node: object) -> bool:
    return isinstance(node, ast.alias)


def _is_foreign(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
        if node.level:
            return True
    else:
        assert isinstance(node, ast.Import)
        names = [alias.name for alias in node.names]
    return any(name.partition(".")[0] not in sys.stdlib_module_names for name in names)


def _head(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yields the docstring and the imports that a module begins with."""
    for n, statement in enumerate(tree.body):
        is_docstring = (
            n == 0
            and isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
        if not is_docstring and not isinstance(statement, _IMPORTS):
            return
        yield statement
