"""Objects that a statement makes and applies at once, such as `Net(units)(x)`: they get names."""

import ast
import copy
import re
from typing import TYPE_CHECKING

from migrate.translating.source_reader.frames import Frame, dotted, executions, is_part
from migrate.translating.source_reader.statements import Statement

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)


def flattened(
    flattening: "Flattening", node: ast.stmt, frame: Frame, modes: frozenset[str]
) -> tuple[list[Statement], dict[str, ast.expr]]:
    """Returns the statements of a statement, with those that make its objects first."""
    makers = []
    if isinstance(node, _SIMPLE) and not flattening.border.is_kept:
        makers = [one for one in ast.walk(node) if _is_chained(one, frame, modes)]
    if not makers:
        return flattening.statement(node, frame, modes)
    before: list[Statement] = []
    new = copy.deepcopy(node)
    for maker in makers:
        inner = _maker(maker)
        assert inner is not None
        name = _name(inner, flattening.used)
        flattening.named.add(name)
        target = ast.copy_location(ast.Name(id=name, ctx=ast.Store()), inner)
        assigned = ast.copy_location(ast.Assign(targets=[target], value=inner), inner)
        before += flattening.statement(assigned, frame, modes)[0]
        new = _Named(inner, name).visit(new)
    made, returned = flattening.statement(new, frame, modes)
    return [*before, *made], returned


def _maker(node: ast.AST) -> ast.Call | None:
    """Returns `C(...)` of `C(...)(x)` and of `C(...).apply(x)`; None for other nodes."""
    func = node.func if isinstance(node, ast.Call) else None
    inner = func.value if isinstance(func, ast.Attribute) else func
    return inner if isinstance(inner, ast.Call) else None


def _is_chained(node: ast.AST, frame: Frame, modes: frozenset[str]) -> bool:
    inner = _maker(node)
    if inner is None or not isinstance(node, ast.Call):
        return False
    made = [one for each in executions(inner, frame, modes).values() for one in each]
    applied = [one for each in executions(node, frame, modes).values() for one in each]
    return (
        bool(made)
        and all(one.callee.makes and one.callee.span is not None for one in made)
        and any(is_part(one) for one in applied)
    )


def _name(maker: ast.Call, used: set[str]) -> str:
    """Returns `text_encoder` for `TextEncoder(...)`."""
    last = dotted(maker.func).rpartition(".")[2] or "made"
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower()
    while name in used:
        name += "_"
    used.add(name)
    return name


class _Named(ast.NodeTransformer):
    def __init__(self, maker: ast.Call, name: str) -> None:
        self.place, self.name = ast.unparse(maker), name
        self.start = (maker.lineno, maker.col_offset, maker.end_col_offset)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        start = (node.lineno, node.col_offset, node.end_col_offset)
        if start == self.start and ast.unparse(node) == self.place:
            return ast.copy_location(ast.Name(id=self.name, ctx=ast.Load()), node)
        return self.generic_visit(node)
