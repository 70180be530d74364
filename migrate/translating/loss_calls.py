"""Calls of `tf.losses` that are no part of the loss, such as those of a metric, as expressions."""

import ast
from typing import Any

from migrate.translating import loss_rows
from migrate.translating.expressions import parse
from migrate.translating.loss_source import LossSource, rebuilt
from migrate.translating.source_reader.flattening import Flattened


def written(node: Any, flat: Flattened, mode: str) -> tuple[list[ast.stmt], Any]:
    """Writes the calls of `tf.losses` in a node, which have no weights, as TF2 expressions.

    A call with weights, or with several statements, stays as it is.

    Args:
      node: A statement or an expression.
      flat: The flattened model_fn.
      mode: The mode.

    Returns:
      The checks of shapes that must run before, and the node.
    """
    source = LossSource(flat, [], ast.Constant(value=None), mode)
    checks: list[ast.stmt] = []

    def change(one: ast.AST) -> ast.expr | None:
        if not isinstance(one, ast.Call) or not loss_rows.is_row(one, source):
            return None
        made = loss_rows.write(one, source)
        if made.weights is not None or made.reduce_body or not all(map(_is_check, made.body)):
            return None
        checks.extend(ast.parse("\n".join(made.body)).body)
        losses = rebuilt(made.losses, change, source.same_facts)
        reduced: ast.expr = rebuilt(
            parse(made.reduced), lambda part: losses if _is_losses(part) else None
        )
        return reduced

    new = rebuilt(node, change, source.same_facts)
    return checks, new


def _is_check(line: str) -> bool:
    return ".shape.assert_is_compatible_with(" in line and " = " not in line


def _is_losses(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "losses"
