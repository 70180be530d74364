"""Features that a model_fn takes out of their dict: a function of TF2 must not change its input."""

import ast
from collections.abc import Mapping

from migrate.translating.expressions import api_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of

# They read what they need of the dict, whatever else is in it.
_READS_SOME = ("tf.feature_column.",)


def read_instead(flat: Flattened) -> None:
    """Writes `features.pop("id")` as `features["id"]`.

    Args:
      flat: The flattened model_fn, which is changed.

    Raises:
      Refusal: The dict is used as a whole, too, and then has one item more.
    """
    names = {flat.features, flat.labels} - {""}
    found = _Pops(names)
    for statement in flat.statements:
        statement.node = found.visit(statement.node)
    for statement in flat.statements if found.popped else ():
        parents = {c: p for p in ast.walk(statement.node) for c in ast.iter_child_nodes(p)}
        for node in ast.walk(statement.node):
            is_popped = isinstance(node, ast.Name) and node.id in found.popped
            if is_popped and not _is_one_item(parents.get(node), parents, flat):
                raise Refusal(
                    f"`{ast.unparse(node)}.pop` takes a feature out of the dict, which is used as "
                    "a whole here; expected items by their keys; copy the dict before",
                    path=path_of(node, flat.files[0].path),
                    line=getattr(node, "lineno", 0),
                )


def _is_one_item(
    parent: ast.AST | None, parents: Mapping[ast.AST, ast.AST], flat: Flattened
) -> bool:
    """Tells whether what has the dict reads items by their keys."""
    if isinstance(parent, ast.Attribute):
        return parent.attr == "get"
    while parent is not None and not isinstance(parent, ast.Call | ast.Subscript):
        parent = parents.get(parent)
    if isinstance(parent, ast.Call):
        return api_of(parent, flat.facts).startswith(_READS_SOME)
    return parent is not None


class _Pops(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.popped: set[str] = set()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        func = node.func
        if not (isinstance(func, ast.Attribute) and func.attr == "pop" and node.args):
            return node
        if not (isinstance(func.value, ast.Name) and func.value.id in self.names):
            return node
        self.popped.add(func.value.id)
        if len(node.args) == 1:
            item = ast.Subscript(value=func.value, slice=node.args[0], ctx=ast.Load())
            return ast.copy_location(item, node)
        func.attr = "get"
        return node
