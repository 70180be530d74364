"""Losses that get another value under their name: `losses *= weights`.

The functions of the loss have each value in one place. The second one gets a name of its own.
"""

import ast

from migrate.translating.changed_names import assign_to, changed
from migrate.translating.facts import TensorFact
from migrate.translating.forward_reading import is_of_model
from migrate.translating.loss_source import unique
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, kills, loads, stores


def rename(flat: Flattened) -> None:
    """Renames the second values of tensors that are no scalars, and that no layer makes."""
    taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
    of_model: set[str] = set()  # what the layers read
    for statement in reversed(flat.statements):
        if is_of_model(statement) or stores(statement.node) & of_model:
            of_model |= loads(statement.node)
    assigned: set[str] = set()
    for index, statement in enumerate(flat.statements):
        node, name = statement.node, changed(statement.node)
        [again, *_] = [*(kills(node) & assigned), ""]
        assigned |= kills(node) if isinstance(node, ast.Assign) else set()
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = name or again
        if not name or name in of_model or is_of_model(statement) or not _has_axes(flat, node):
            continue
        later = [s for s in flat.statements[index + 1 :] if s.modes & statement.modes]
        if not all(s.modes <= statement.modes for s in later if name in loads(s.node)):
            continue
        factor = getattr(node, "op", getattr(getattr(node, "value", None), "op", None))
        new = unique(f"weighted_{name}" if isinstance(factor, ast.Mult) else f"{name}_2", taken)
        taken.add(new)
        _rename(flat, statement, later, name, new)


def _has_axes(flat: Flattened, node: ast.stmt) -> bool:
    """Tells whether the run showed a tensor with axes for what a statement assigns."""
    seen = {**flat.values.get(node, {}), **flat.values.get(getattr(node, "value", node), {})}
    calls = flat.facts.get(getattr(node, "value", node), {})
    values = [*seen.values(), *(call.result for each in calls.values() for call in each)]
    tensors = [one for one in values if isinstance(one, TensorFact)]
    return bool(tensors) and all(one.shape is None or len(one.shape) > 0 for one in tensors)


def _rename(
    flat: Flattened, statement: Statement, later: list[Statement], name: str, new: str
) -> None:
    assign_to(flat, statement, name, new)
    ended: frozenset[str] = frozenset()
    for one in later:
        if one.modes <= ended:
            continue
        for each in ast.walk(one.node):
            if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load):
                each.id = new
        if isinstance(one.node, ast.AugAssign) and name in stores(one.node):
            assign_to(flat, one, new, name)
        if name in kills(one.node):
            ended |= one.modes
    for mode in statement.modes - ended:
        for each in ast.walk(flat.returned.get(mode, ast.Constant(value=None))):
            if isinstance(each, ast.Name) and each.id == name:
                each.id = new
