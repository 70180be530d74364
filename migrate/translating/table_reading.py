"""Lookup tables: made once, as constants of the written module."""

import ast
import re
from collections.abc import Sequence

from migrate.translating import contrib_tables
from migrate.translating.expressions import ToTf2, api_of, bind, calls_of, refuse, substitute
from migrate.translating.facts import Unknown
from migrate.translating.local_values import LocalValues, copied
from migrate.translating.model_uses import numbered
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores

_TABLES = frozenset(
    (
        "StaticHashTable",
        "StaticHashTableV1",
        "StaticVocabularyTable",
        "StaticVocabularyTableV1",
        "HashTable",
        "IdTableWithHashBuckets",
    )
)


def read(flat: Flattened, aliases: Sequence[str]) -> dict[str, ast.expr]:
    """Puts the names of constants into the places of lookup tables.

    Args:
      flat: The model_fn, whose statements are changed.
      aliases: The names by which its module calls TensorFlow.

    Returns:
      What makes each table, by the names of the constants.

    Raises:
      Refusal: A table depends on the batch.
    """
    reading = _Reading(flat, aliases)
    for statement in flat.statements:
        statement.node = reading.of(statement)
    for mode in flat.returned:
        reading.read_returned(mode)
    made = set(reading.local_names)
    flat.statements[:] = [
        one
        for one in flat.statements
        if not (_is_name(one.node, made) and stores(one.node) <= made)
    ]
    return reading.tables


class _Reading(ast.NodeTransformer):
    def __init__(self, flat: Flattened, aliases: Sequence[str]) -> None:
        self.flat, self.aliases = flat, aliases
        self.local = LocalValues(flat)
        self.tables: dict[str, ast.expr] = {}
        self.local_names: dict[str, str] = {}
        self.taken = set(flat.constants) | {"PARAMS", "FEATURES"}
        self.hint = ""
        self.statement: Statement | None = None

    def of(self, statement: Statement) -> ast.stmt:
        self.statement = statement
        node: ast.stmt = self.visit(statement.node)
        return node

    def read_returned(self, mode: str) -> None:
        """Reads what a mode returns, which is computed behind its last statement."""
        last = [one for one in self.flat.statements if mode in one.modes]
        if last:
            self.statement = last[-1]
            self.flat.returned[mode] = self.visit(self.flat.returned[mode])

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if isinstance(target, ast.Name) and self._is_table(node.value):
            self.hint = target.id
            node.value = self.visit(node.value)
            if isinstance(node.value, ast.Name):
                self.local_names[target.id] = node.value.id
            return node
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.local_names:
            return ast.Name(id=self.local_names[node.id], ctx=ast.Load())
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not self._is_table(node):
            if isinstance(node.func, ast.Attribute) and node.args:
                self.hint = _last_word(node.args[0])
            return self.generic_visit(node)
        assert self.statement is not None
        written = contrib_tables.written(node) or node
        made = self.local.static(self._without_constants(written), self.statement)
        if made is None:
            raise refuse(
                node,
                self.flat.files[0].path,
                "what this lookup table is made of is not known before the batch, or it is made in "
                "a loop; use constants",
            )
        made = ToTf2(self.flat.facts, self.aliases).visit(copied(made, self.flat))
        for name, other in self.tables.items():
            if ast.dump(other) == ast.dump(made):
                return ast.Name(id=name, ctx=ast.Load())
        name = numbered(_constant(self.hint), self.taken)
        self.taken.add(name)
        self.tables[name] = made
        return ast.Name(id=name, ctx=ast.Load())

    def _without_constants(self, node: ast.expr) -> ast.expr:
        """Puts `x` into the places of a local name that was assigned `tf.constant(x)`."""
        assert self.statement is not None
        values = {}
        for name in loads(node):
            found = self.local.assigned(name, self.statement)
            value = found[0] if found is not None else None
            if isinstance(value, ast.Call) and api_of(value, self.flat.facts) == "tf.constant":
                arguments = bind(value, ("value",))
                if list(arguments) == ["value"]:
                    values[name] = arguments["value"]
        made: ast.expr = substitute(node, values)
        return made

    def _is_table(self, node: ast.AST) -> bool:
        results = [call.result for call in calls_of(node, self.flat.facts)]
        return bool(results) and all(
            isinstance(one, Unknown) and one.description in _TABLES for one in results
        )


def _is_name(node: ast.stmt, names: set[str]) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and bool(names)


def _last_word(node: ast.expr) -> str:
    """Returns the word that says best what an expression is: "word" for `features["word"]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    names = sorted(loads(node))
    return names[-1] if names else ""


def _constant(hint: str) -> str:
    name = re.sub(r"\W", "_", hint).strip("_").upper() or "LOOKUP"
    return name if name.endswith("TABLE") else f"{name}_TABLE"
