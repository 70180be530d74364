"""What the loss, the metrics and the predictions read of the mode: a value in each mode."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.local_values import copied
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.inlining import TRAINING
from migrate.translating.source_reader.statements import Statement, loads, stores


def split(flat: Flattened, statements: Sequence[Statement]) -> list[Statement]:
    """Writes a statement that reads the mode for TRAIN, and for the other modes.

    Args:
      flat: The flattened model_fn. Its statements are replaced, too.
      statements: The statements that are not the model's, which has the argument `training`.
    """
    known: dict[bool, dict[str, bool]] = {value: {TRAINING: value} for value in (True, False)}
    made: list[Statement] = []
    new: dict[int, list[Statement]] = {}
    for statement in statements:
        parts = [statement]
        if loads(statement.node) & (known[True].keys() | known[False].keys()):
            parts = [
                one
                for value, names in known.items()
                for one in _for_value(flat, statement, names, is_training=value)
            ]
            new[id(statement)] = parts
        for part in parts:
            _learn(part, known)
        made += parts
    flat.statements[:] = [part for one in flat.statements for part in new.get(id(one), [one])]
    return made


def folded(flat: Flattened, node: ast.expr, mode: str) -> ast.expr:
    """Returns what the model_fn returns in a mode, in which the mode is known."""
    return _folded(flat, node, {TRAINING: mode == ModeKeys.TRAIN})  # type: ignore[no-any-return]


def _for_value(
    flat: Flattened, statement: Statement, names: Mapping[str, bool], *, is_training: bool
) -> list[Statement]:
    modes = frozenset(m for m in statement.modes if (m == ModeKeys.TRAIN) is is_training)
    if not modes:
        return []
    node = _folded(flat, statement.node, names)
    nodes = node if isinstance(node, list) else [node]
    return [dataclasses.replace(statement, node=one, modes=modes) for one in nodes]


def _folded(flat: Flattened, node: ast.AST, names: Mapping[str, bool]) -> Any:
    values: dict[str, ast.expr] = {k: ast.Constant(value=v) for k, v in names.items()}
    return _Fold().visit(copied(node, flat, values))


def _learn(statement: Statement, known: dict[bool, dict[str, bool]]) -> None:
    """Notes the names that are assigned a truth value."""
    node = statement.node
    value = node.value if isinstance(node, ast.Assign) else None
    for is_training, names in known.items():
        if any((mode == ModeKeys.TRAIN) is is_training for mode in statement.modes):
            for name in stores(node):
                names.pop(name, None)
            if isinstance(value, ast.Constant) and isinstance(value.value, bool):
                names |= dict.fromkeys(stores(node), value.value)


class _Fold(ast.NodeTransformer):
    """Leaves of each condition on a constant what it chooses."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A body of which nothing is left does nothing."""
        super().generic_visit(node)
        if isinstance(node, ast.If | ast.For | ast.While | ast.With) and not node.body:
            node.body = [ast.Pass()]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        chosen = _truth(node.test)
        return node if chosen is None else node.body if chosen else node.orelse

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        chosen = _truth(node.test)
        return node if chosen is None else node.body if chosen else node.orelse

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        value = _truth(node.operand)
        is_known = isinstance(node.op, ast.Not) and value is not None
        return ast.copy_location(ast.Constant(value=not value), node) if is_known else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        ends = isinstance(node.op, ast.Or)  # the value that decides
        left = [one for one in node.values if _truth(one) is not (not ends)]
        if not left or any(_truth(one) is ends for one in left[:1]):
            return ast.copy_location(ast.Constant(value=ends if left else not ends), node)
        node.values = left
        return left[0] if len(left) == 1 else node


def _truth(node: ast.expr) -> bool | None:
    is_bool = isinstance(node, ast.Constant) and isinstance(node.value, bool)
    return node.value if is_bool else None  # type: ignore[attr-defined]
