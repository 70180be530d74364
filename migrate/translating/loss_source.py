"""The statements behind a loss, and what the run showed of their expressions."""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from migrate.translating.facts import Call, TensorFact
from migrate.translating.ir import source_of
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores

Place = tuple[int, ast.expr]


class LossSource:
    """The statements that a mode's loss is computed by, which are replaced bit by bit.

    Args:
      flat: The flattened model_fn.
      statements: The statements, in order.
      loss: The loss after them.
      mode: The mode.

    Attributes:
      nodes: The statements as they are now.
      loss: The loss as it is now.
    """

    def __init__(
        self, flat: Flattened, statements: Sequence[Statement], loss: ast.expr, mode: str
    ) -> None:
        self.flat, self.mode = flat, mode
        chosen = [one for one in statements if mode in one.modes]
        for one in chosen:
            one.node.comments = tuple(one.comments)  # type: ignore[attr-defined]  # a copy has them
        self.nodes: list[ast.stmt] = [one.node for one in chosen]
        self.loss = loss

    def roots(self) -> list[ast.AST]:
        """Returns the statements and the loss."""
        return [*self.nodes, self.loss]

    def call(self, node: ast.AST) -> Call | None:
        """Returns the only execution of a call; None for other expressions."""
        calls = self.flat.facts.get(node, {}).get(self.mode, [])
        return calls[0] if len(calls) == 1 else None

    def value(self, node: ast.AST) -> Any:
        """Returns what the run showed of an expression; None if that is nothing."""
        call = self.call(node)
        if call is not None:
            return call.result
        seen = self.flat.values.get(node, {})
        if self.mode in seen:
            return seen[self.mode]
        if isinstance(node, ast.Name):
            assigned = self.assigned(node.id, len(self.nodes))
            return None if assigned is None else self.value(assigned[1])
        return node.value if isinstance(node, ast.Constant) else None

    def is_scalar(self, node: ast.AST) -> bool:
        """Tells whether the run showed a scalar tensor or a number."""
        value = self.value(node)
        return (
            value.shape == () if isinstance(value, TensorFact) else isinstance(value, float | int)
        )

    def assigned(self, name: str, before: int) -> Place | None:
        """Returns the statement that assigns a name last, and the value; None for other ways."""
        for index in range(before - 1, -1, -1):
            node = self.nodes[index]
            if name in stores(node):
                targets = node.targets if isinstance(node, ast.Assign) else []
                if len(targets) == 1 and isinstance(targets[0], ast.Name):
                    return index, node.value  # type: ignore[attr-defined]
                return None
        return None

    def uses(self, name: str, after: int) -> list[tuple[int, ast.Name]]:
        """Returns the reads of a name after a statement, up to where it is assigned anew."""
        found: list[tuple[int, ast.Name]] = []
        for index in range(after + 1, len(self.nodes) + 1):
            root = self.roots()[index]
            found += [
                (index, one)
                for one in ast.walk(root)
                if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)
            ]
            if name in stores(root):
                break
        return found

    def parents(self, index: int) -> dict[ast.AST, ast.AST]:
        """Returns the parent of each node of a statement."""
        return {
            child: node
            for node in ast.walk(self.roots()[index])
            for child in ast.iter_child_nodes(node)
        }

    def replace(self, old: ast.AST, new: ast.expr) -> None:
        """Puts an expression in the place of another one."""
        self.nodes = [self._replaced(one, old, new) for one in self.nodes]
        self.loss = self._replaced(self.loss, old, new)

    def _replaced(self, node: Any, old: ast.AST, new: ast.expr) -> Any:
        return rebuilt(node, lambda one: new if one is old else None, self.same_facts)

    def same_facts(self, node: Any, made: Any) -> None:
        """Notes that an expression is the same as another one."""
        if node in self.flat.facts:
            self.flat.facts[made] = self.flat.facts[node]
        if node in self.flat.values:
            self.flat.values[made] = self.flat.values[node]

    def find(self, tensor: str) -> Place | None:
        """Returns the first expression that is a tensor, and the index of its statement.

        A name is not looked at, but what it is assigned.
        """
        for index, root in enumerate(self.roots()):
            for node, value in self._values_in(root):
                if isinstance(value, TensorFact) and value.name == tensor:
                    return index, node
        return None

    def _values_in(self, root: ast.AST) -> Iterator[tuple[ast.expr, Any]]:
        for node in ast.walk(root):
            if not isinstance(node, ast.expr) or isinstance(node, ast.Name):
                continue
            yield node, self.value(node)
            call = self.call(node)
            if call is not None and isinstance(node, ast.Call):
                yield from passed(node, call)


def commented(nodes: Sequence[ast.stmt]) -> tuple[str, ...]:
    """Returns the source of statements of a loss, with the comments before them."""
    return tuple(
        "\n".join([*getattr(node, "comments", ()), text])
        for node, text in zip(nodes, source_of(nodes), strict=True)
    )


def passed(node: ast.Call, call: Call) -> Iterator[tuple[ast.expr, Any]]:
    """Yields the arguments of a call that are no names, with what the run showed of them."""
    names = list(call.arguments)
    pairs = [(names[i], one) for i, one in enumerate(node.args) if i < len(names)]
    pairs += [(one.arg, one.value) for one in node.keywords if one.arg is not None]
    for name, one in pairs:
        if not isinstance(one, ast.Name | ast.Starred):
            yield one, call.arguments.get(name)


def tainted(nodes: Sequence[ast.stmt], names: set[str]) -> set[str]:
    """Returns the names that depend on others, after statements."""
    found = set(names)
    for node in nodes:
        if loads(node) & found:
            found |= stores(node)
    return found


def unique(name: str, taken: set[str]) -> str:
    """Returns a name that is not taken yet."""
    while name in taken:
        name = f"{name}_"
    return name


def names_in(nodes: Sequence[ast.AST]) -> set[str]:
    """Returns all names in nodes."""
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def rebuilt(
    node: Any,
    change: Callable[[ast.AST], ast.expr | None],
    made_of: Callable[[Any, Any], None] | None = None,
) -> Any:
    """Returns a node with parts replaced; the same node if it has no such part.

    Args:
      node: The node, which stays as it is.
      change: Returns what a part is replaced by, or None.
      made_of: Called with each node and the one made of it.
    """
    new = change(node)
    if new is not None:
        return new
    changed: dict[str, Any] = {}
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            parts = [
                rebuilt(one, change, made_of) if isinstance(one, ast.AST) else one for one in value
            ]
            if any(a is not b for a, b in zip(parts, value, strict=True)):
                changed[field] = parts
        elif isinstance(value, ast.AST):
            part = rebuilt(value, change, made_of)
            if part is not value:
                changed[field] = part
    if not changed:
        return node
    made = copy.copy(node)
    for field, value in changed.items():
        setattr(made, field, value)
    if made_of is not None:
        made_of(node, made)
    return made
