"""What a function changes beside what it returns, as far as its code says it."""

from __future__ import annotations

import ast
from typing import NamedTuple

from migrate.ledger_reading.tree import target_names

CHANGING = frozenset({"append", "extend", "update", "insert", "pop", "remove", "clear", "sort"})


class Effects(NamedTuple):
    """What a function changes.

    Attributes:
      parameters: Its parameters, in their order.
      changed: Those whose lists or dicts it changes.
      outside: Whether it changes names, lists or dicts of the functions around it.
      attributes: The attributes that it sets or changes, of whatever objects.
    """

    parameters: tuple[str, ...]
    changed: frozenset[str]
    outside: bool
    attributes: frozenset[str]


def of_function(node: ast.AST) -> Effects:
    """Returns the effects of a function or lambda; those of functions in it count, too."""
    arguments: ast.arguments = node.args  # type: ignore[attr-defined]
    parameters = [each.arg for each in [*arguments.posonlyargs, *arguments.args]]
    changed, local, attributes = set(), set(parameters), set()
    local |= {each.arg for each in arguments.kwonlyargs}
    has_nonlocal = False
    for each in ast.walk(node):
        if isinstance(each, ast.Nonlocal):
            has_nonlocal = True
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            local.add(each.id)
        elif isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name):
            changed.add(each.target.id)
        container = _changed(each)
        if isinstance(container, ast.Attribute):
            attributes.add(container.attr)
        elif container is not None:
            changed.update(target_names(container))
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
            attributes.add(each.attr)
    own = frozenset(changed & set(parameters))
    return Effects(
        tuple(parameters), own, has_nonlocal or bool(changed - local), frozenset(attributes)
    )


def _changed(node: ast.AST) -> ast.expr | None:
    """Returns the list or dict that a node changes; None for other nodes."""
    is_item = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    if not is_item and not (isinstance(node, ast.Attribute) and node.attr in CHANGING):
        return None
    container: ast.expr = node.value  # type: ignore[attr-defined]
    while isinstance(container, ast.Subscript):
        container = container.value
    return container
