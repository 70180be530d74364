"""Variables of the model in the places of the names that the source gives to them."""

import ast
from collections.abc import Collection

from migrate.translating.expressions import dotted
from migrate.translating.local_values import copied
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, stores


def put(flat: Flattened, weights: Collection[str]) -> None:
    """Puts `self.table` in the place of `table`, where a statement only makes a variable.

    Args:
      flat: The flattened model_fn, whose statements are changed.
      weights: The expressions for the variables.
    """
    values: dict[str, ast.expr] = {}
    kept: list[Statement] = []
    comments: list[str] = []
    for statement in flat.statements:
        node = statement.node
        if values:
            statement.node = node = copied(node, flat, values)
        for name in stores(node):
            values.pop(name, None)
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Attribute)
            and ast.unparse(node.value) in weights
        ):
            values[node.targets[0].id] = node.value
            comments += statement.comments
            continue
        statement.comments[:0] = comments
        comments = []
        kept.append(statement)
    flat.statements[:] = kept
    for statement in flat.statements:
        _with_values(statement.node)
    returned = flat.returned
    returned.update({m: copied(node, flat, values) for m, node in returned.items()})


def _with_values(node: ast.AST) -> None:
    """`embedding_lookup_sparse` takes a `tf.Variable`, and no Keras variable."""
    for one in ast.walk(node):
        if (
            isinstance(one, ast.Call)
            and dotted(one.func) == "tf.nn.embedding_lookup_sparse"
            and one.args
            and dotted(one.args[0]).startswith("self.")
        ):
            one.args[0] = ast.Attribute(value=one.args[0], attr="value", ctx=ast.Load())
