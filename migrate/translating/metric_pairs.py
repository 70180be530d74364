"""Metrics that are pairs of a value and an update, such as an F1 score of two other metrics."""

import ast
import dataclasses
from collections.abc import Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import metrics
from migrate.translating.expressions import Facts, api_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import Statement, stores

EVAL = ModeKeys.EVAL
_VALUE, _UPDATE = 0, 1  # places in what a function of tf.metrics returns


@dataclasses.dataclass(slots=True)
class Pair:
    """A value and an update.

    Attributes:
      value: The value. It reads the values of functions of tf.metrics by the names in `parts`.
      parts: The calls of these functions.
      body: The statements that compute the value of theirs.
      updated: The calls whose updates the update runs.
    """

    value: ast.expr
    parts: dict[str, ast.Call] = dataclasses.field(default_factory=dict)
    body: list[ast.stmt] = dataclasses.field(default_factory=list)
    updated: list[ast.Call] = dataclasses.field(default_factory=list)

    @property
    def only(self) -> ast.Call | None:
        """The call whose value the pair's value is, unchanged; None if it is computed."""
        is_part = isinstance(self.value, ast.Name) and not self.body
        return self.parts.get(self.value.id) if is_part else None  # type: ignore[attr-defined]


class PairReading:
    """Reads pairs.

    Args:
      statements: The statements of the model_fn.
      facts: The calls that a run showed.
      path: The file of the model_fn.
    """

    def __init__(self, statements: Sequence[Statement], facts: Facts, path: str) -> None:
        self.nodes = [one.node for one in statements if EVAL in one.modes]
        self.facts, self.path = facts, path
        self.meanings: dict[str, object] = {}  # of the names that values read, in all pairs

    def read(self, node: ast.expr) -> Pair | None:
        """Returns the pair that an expression is; None if it is another expression.

        Raises:
          Refusal: The value reads more than the values of metrics and constants.
        """
        node, at = self._resolved(node, len(self.nodes))
        if not isinstance(node, ast.Tuple) or len(node.elts) != 2:
            return None
        value, update = node.elts
        pair = Pair(value)
        pair.value = self._computed(value, at, pair)
        self._collect_updates(update, at, pair.updated)
        return pair

    def _write(self, name: str, at: int) -> tuple[ast.Assign, int] | None:
        """Returns the last assignment to a name before a place, and its own place."""
        for index in range(at - 1, -1, -1):
            node = self.nodes[index]
            if name in stores(node):
                return (node, index) if isinstance(node, ast.Assign) else None
        return None

    def resolved(self, node: ast.expr) -> ast.expr:
        """Returns what a name stands for in the end."""
        return self._resolved(node, len(self.nodes))[0]

    def _resolved(self, node: ast.expr, at: int) -> tuple[ast.expr, int]:
        while isinstance(node, ast.Name):
            found = self._write(node.id, at)
            if found is None or not isinstance(found[0].targets[0], ast.Name):
                break
            node, at = found[0].value, found[1]
        return node, at

    def _part(self, node: ast.expr, at: int) -> tuple[str, ast.Call, int] | None:
        """Returns a name, the call and the place in its result of a metric's value or update."""
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            call, _ = self._resolved(node.value, at)
            name = node.value.id if isinstance(node.value, ast.Name) else "value"
            if self._is_metric(call) and node.slice.value in (_VALUE, _UPDATE):
                return name, call, node.slice.value  # type: ignore[return-value]
        if not isinstance(node, ast.Name) or (found := self._write(node.id, at)) is None:
            return None
        target, value = found[0].targets[0], found[0].value
        if isinstance(target, ast.Name):
            part = self._part(value, found[1])
            return (node.id, *part[1:]) if part else None
        call, _ = self._resolved(value, found[1])
        if isinstance(target, ast.Tuple) and self._is_metric(call):
            place = [ast.unparse(one) for one in target.elts].index(node.id)
            return node.id, call, place  # type: ignore[return-value]
        return None

    def _is_metric(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and api_of(node, self.facts) in metrics.ROWS

    def _computed(self, node: ast.expr, at: int, pair: Pair) -> ast.expr:
        """Returns a value with the names of `pair.parts`; adds what it needs to the pair."""
        part = self._part(node, at)
        if part is not None:
            name, call, place = part
            if place != _VALUE:
                raise self.refusal(node, "reads the update of a metric")
            while self.meanings.get(name, call) is not call:
                name += "_"
            self.meanings[name] = pair.parts[name] = call
            return ast.Name(id=name, ctx=ast.Load())
        if isinstance(node, ast.Name):
            return self._of_name(node, at, pair)
        made = type(node)(**dict(ast.iter_fields(node)))
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(made, field, self._computed(value, at, pair))
            elif isinstance(value, list):
                setattr(made, field, [self._item(one, at, pair) for one in value])
        return ast.copy_location(made, node)

    def _item(self, node: ast.AST, at: int, pair: Pair) -> ast.AST:
        if isinstance(node, ast.keyword):
            return ast.keyword(arg=node.arg, value=self._computed(node.value, at, pair))
        return self._computed(node, at, pair) if isinstance(node, ast.expr) else node

    def _of_name(self, node: ast.Name, at: int, pair: Pair) -> ast.expr:
        """Adds the assignment of a name to the pair, if there is one."""
        if node.id in ("features", "labels"):
            raise self.refusal(node, f"reads `{node.id}`, which each batch has anew")
        if not any(node.id in stores(one) for one in self.nodes[:at]):
            return node
        found = self._write(node.id, at)
        if found is None or not isinstance(found[0].targets[0], ast.Name):
            raise self.refusal(node, f"reads `{node.id}`, which is no value of a metric")
        value = self._computed(found[0].value, found[1], pair)
        new = ast.Assign(targets=[ast.Name(id=node.id, ctx=ast.Store())], value=value, lineno=0)
        source = ast.unparse(new)
        if self.meanings.setdefault(node.id, source) != source:
            raise self.refusal(node, f"reads another value by the name `{node.id}` than before")
        if source not in map(ast.unparse, pair.body):
            pair.body.append(new)
        return node

    def _collect_updates(self, node: ast.expr, at: int, updated: list[ast.Call]) -> None:
        part = self._part(node, at)
        if part is not None:
            updated.append(part[1])
            return
        if isinstance(node, ast.Name):
            resolved, at = self._resolved(node, at)
            if resolved is not node:
                self._collect_updates(resolved, at, updated)
            elif any(node.id in stores(one) for one in self.nodes):
                raise self.refusal(node, f"is updated by `{node.id}`, which is no metric's update")
            return
        api = api_of(node, self.facts) if isinstance(node, ast.Call) else ""
        if "assign" in api or "scatter" in api or (isinstance(node, ast.Call) and not api):
            raise self.refusal(node, f"is updated by `{ast.unparse(node)[:60]}`")
        for child in ast.iter_child_nodes(node):
            value = child.value if isinstance(child, ast.keyword | ast.Starred) else child
            is_function = isinstance(node, ast.Call) and child is node.func
            if isinstance(value, ast.expr) and not is_function:
                self._collect_updates(value, at, updated)

    def refusal(self, node: ast.expr, what: str) -> Refusal:
        """Returns the refusal of a metric."""
        reason = (
            f"a metric {what}; expected a value computed of the values of tf.metrics alone, and "
            "their updates in a tf.group; return the metrics, and compute this number of them"
        )
        return Refusal(reason, path=path_of(node, self.path), line=getattr(node, "lineno", 0))
