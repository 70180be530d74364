"""What a local name of a model_fn stands for, where it does not depend on the batch."""

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import Any

from migrate.translating.expressions import calls_of
from migrate.translating.facts import TensorFact
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.inlining import TRAINING
from migrate.translating.source_reader.statements import Statement, loads, stores

_OF_THE_RUN = {"features", "labels", "mode", "config", TRAINING}


class LocalValues:
    """The assignments of a flattened model_fn.

    Args:
      flat: The model_fn.
    """

    def __init__(self, flat: Flattened) -> None:
        self.flat = flat
        self.statements: Sequence[Statement] = list(flat.statements)
        self.nodes = [one.node for one in flat.statements]

    def static(self, value: ast.expr, at: Statement, *, in_list: bool = False) -> ast.expr | None:
        """Returns an expression without local names.

        Args:
          value: An expression in a statement.
          at: The statement.
          in_list: Whether the variables of a loop around it may stay.

        Returns:
          The expression; None if it depends on a tensor, or on what is not one assignment.
        """
        index = self._index(at)
        bound = stores(at.node.target) if isinstance(at.node, ast.For) else set()
        inside = stores(at.node) - bound if isinstance(at.node, ast.For) else set()
        if loads(value) & (inside if in_list else inside | bound):
            return None
        found = self._resolved(value, index, at.modes, bound)
        return None if found is None or self._is_tensor(found) else found

    def assigned(
        self, name: str, at: Statement, mode: str = ""
    ) -> tuple[ast.expr, Statement] | None:
        """Returns what a name was assigned before a statement, and by which statement.

        Args:
          name: The name.
          at: The statement that reads it.
          mode: The mode that counts; "" for all those of the statement.
        """
        index = self._definition(name, self._index(at), frozenset((mode,)) if mode else at.modes)
        if index is None:
            return None
        node = self.nodes[index]
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return None
        if not isinstance(node.targets[0], ast.Name):
            return None
        return node.value, self.statements[index]

    def listed(
        self, name: str, at: Statement, mode: str
    ) -> list[tuple[ast.expr, Statement]] | None:
        """Returns the elements of a list that is written out, or appended to, before a statement.

        Args:
          name: The list.
          at: The statement that reads it.
          mode: The mode that counts.

        Returns:
          The elements with the statements that have them; None for other lists.
        """
        found: list[tuple[ast.expr, Statement]] = []
        for statement in reversed(self.statements[: self._index(at)]):
            node = statement.node
            if mode not in statement.modes or name not in stores(node):
                continue
            elements = _elements(node, name)
            if elements is None:
                return None
            found[:0] = [(one, statement) for one in elements]
            if isinstance(node, ast.Assign):
                return found
        return None

    def function(self, name: str, at: Statement) -> ast.FunctionDef | None:
        """Returns a function that the model_fn defines, and that reads nothing of the run."""
        index = self._definition(name, self._index(at), at.modes)
        node = self.nodes[index] if index is not None else None
        if not isinstance(node, ast.FunctionDef) or loads(node) & _OF_THE_RUN:
            return None
        local = set().union(*(stores(one) for one in self.nodes), set())
        return None if loads(node) & local else node

    def _index(self, statement: Statement) -> int:
        return next(i for i, one in enumerate(self.statements) if one is statement)

    def _definition(self, name: str, before: int, modes: frozenset[str]) -> int | None:
        for index in range(before - 1, -1, -1):
            if name in stores(self.nodes[index]) and self.statements[index].modes & modes:
                return index if self.statements[index].modes >= modes else None
        return None

    def _resolved(
        self, value: ast.expr, before: int, modes: frozenset[str], bound: set[str], depth: int = 0
    ) -> ast.expr | None:
        if depth > 20 or loads(value) & _OF_THE_RUN:
            return None
        values: dict[str, ast.expr] = {}
        for name in loads(value) - bound:
            if not any(name in stores(node) for node in self.nodes[:before]):
                continue  # of the module, or a builtin
            index = self._definition(name, before, modes)
            node = self.nodes[index] if index is not None else None
            if index is None or not isinstance(node, ast.Assign) or len(node.targets) != 1:
                return None
            if not isinstance(node.targets[0], ast.Name):
                return None
            inner = self._resolved(node.value, index, modes, set(), depth + 1)
            if inner is None:
                return None
            values[name] = inner
        return copied(value, self.flat, values) if values else value

    def _is_tensor(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Lambda):
            return False
        for node in ast.walk(value):
            for call in calls_of(node, self.flat.facts):
                if isinstance(call.result, TensorFact):
                    return True
        return False


def _elements(node: ast.stmt, name: str) -> list[ast.expr] | None:
    """Returns the elements that a statement gives to a list; None if it does something else."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        is_append = ast.unparse(node.value.func) == f"{name}.append"
        return list(node.value.args) if is_append else None
    value = node.value if isinstance(node, ast.Assign | ast.AugAssign) else None
    return list(value.elts) if isinstance(value, ast.List | ast.Tuple) else None


def copied(value: ast.AST, flat: Flattened, values: Mapping[str, ast.expr] | None = None) -> Any:
    """Returns a copy with values in the places of names; what is known of its calls stays known."""

    class Copy(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if isinstance(node.ctx, ast.Load) and values and node.id in values:
                new: ast.AST = copied(values[node.id], flat)
                return new
            return ast.copy_location(ast.Name(id=node.id, ctx=node.ctx), node)

        def generic_visit(self, node: ast.AST) -> ast.AST:
            new = copy.copy(node)
            for field, part in ast.iter_fields(node):
                if isinstance(part, list):
                    made = [self.visit(one) if isinstance(one, ast.AST) else one for one in part]
                    setattr(new, field, made)
                elif isinstance(part, ast.AST):
                    setattr(new, field, self.visit(part))
            if node in flat.facts:
                flat.facts[new] = flat.facts[node]
            if node in flat.values:
                flat.values[new] = flat.values[node]
            return new

    return Copy().visit(value)
