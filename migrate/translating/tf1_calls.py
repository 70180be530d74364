"""Calls of TensorFlow 1 in functions that are copied: what TF2 takes otherwise."""

import ast
import copy
from collections.abc import Sequence

from migrate.mappings import functions
from migrate.translating.expressions import ToTf2, dotted, static_facts


def rewritten(node: ast.AST, names: Sequence[str], legacy: Sequence[str]) -> dict[ast.Call, str]:
    """Returns the outermost calls whose arguments TF2 takes otherwise, and what it writes."""
    found: dict[ast.Call, str] = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and _takes_otherwise(child, names, legacy):
            new = copy.deepcopy(child)
            known = {
                one: facts
                for one, facts in static_facts(new, names).items()
                if _is_of_tf1(one, legacy)
            }
            found[child] = ast.unparse(ToTf2(known, names).visit(new))
        else:
            found |= rewritten(child, names, legacy)
    return found


def _is_of_tf1(node: ast.AST, legacy: Sequence[str]) -> bool:
    """Tells whether a call is one of TensorFlow 1."""
    root, _, rest = dotted(node.func).partition(".")  # type: ignore[attr-defined]
    return root in legacy or rest.startswith("compat.v1.")


def _takes_otherwise(node: ast.Call, names: Sequence[str], legacy: Sequence[str]) -> bool:
    root, _, rest = dotted(node.func).partition(".")
    if root not in names or not _is_of_tf1(node, legacy):
        return False
    rest = rest.removeprefix("compat.v1.")
    if rest == "where":
        return len(node.args) + len(node.keywords) > 1
    row = functions.ROWS.get(f"tf.{rest}")
    if row is None:
        return False
    given = {one.arg for one in node.keywords}
    return (
        bool(row.template)
        or bool(given & (set(row.renamed) | set(row.dropped)))
        or (row.positional is not None and len(node.args) > row.positional)
    )


def is_size(node: ast.AST) -> bool:
    """Tells whether a node is `x.shape[0].value`: in TF2, sizes are integers."""
    if not isinstance(node, ast.Attribute) or node.attr != "value":
        return False
    shape = node.value.value if isinstance(node.value, ast.Subscript) else None
    if isinstance(shape, ast.Call):
        return isinstance(shape.func, ast.Attribute) and shape.func.attr == "get_shape"
    return isinstance(shape, ast.Attribute) and shape.attr == "shape"


def scopes_in_messages(node: ast.AST, legacy: Sequence[str]) -> list[ast.Attribute]:
    """Returns each `tf.get_variable_scope().name` that only an error's message shows.

    Args:
      node: A definition.
      legacy: The names by which it calls TensorFlow 1.
    """
    return [
        one
        for branch in ast.walk(node)
        if isinstance(branch, ast.If) and isinstance(branch.body[-1], ast.Raise)
        for statement in branch.body
        for one in ast.walk(statement)
        if isinstance(one, ast.Attribute)
        and one.attr == "name"
        and isinstance(one.value, ast.Call)
        and _is_of_tf1(one.value, legacy)
        and dotted(one.value.func).endswith("get_variable_scope")
    ]
