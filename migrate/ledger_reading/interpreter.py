"""Follows the code of a model_fn without running it.

Values are symbolic. A test whose outcome is not known leads into both branches, and a name that
they bind differently is one of two values. A call of a function of the tree is followed when its
result is asked for.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from migrate.ledger_reading import changes
from migrate.ledger_reading.calls import Calls
from migrate.ledger_reading.containers import Containers
from migrate.ledger_reading.effects import Effects, of_function
from migrate.ledger_reading.expressions import Expressions
from migrate.ledger_reading.frames import Frame, Heap, copied
from migrate.ledger_reading.globals import Globals
from migrate.ledger_reading.objects import Objects
from migrate.ledger_reading.statements import Statements
from migrate.ledger_reading.tree import Tree, TreeModule
from migrate.ledger_reading.values import Kind, Value, Values

# Bounds for one model_fn in one mode: the expressions that are looked at, the modules that imports
# lead to, and nested calls.
MOST_EXPRESSIONS = 6_000
MOST_MODULES = 14
DEEPEST = 18


class _Call(NamedTuple):
    """A call that was not followed yet."""

    function: Value
    args: tuple[Value, ...]
    named: dict[str, Value]
    frame: Frame
    heap: Heap


class Interpreter:
    """Follows one model_fn in one mode.

    Args:
      tree: The modules that imports may lead to.

    Attributes:
      values: Makes the values.
      heap: The attributes of objects, and the graph's collections.
      is_exhausted: Whether it was too much code to follow.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.values = Values()
        self.heap: Heap = {"collections": {}}
        self.is_exhausted = False
        self.globals = Globals(self)
        self.expressions = Expressions(self)
        self.statements = Statements(self)
        self.objects = Objects(self)
        self.containers = Containers(self)
        self.calls = Calls(self)
        self._looked_at = 0
        self._paths: set[str] = set()
        self._later: dict[int, _Call] = {}
        self._results: dict[int, Value] = {}
        self.functions: dict[int, tuple[ast.AST, Frame]] = {}
        self._effects: dict[int, Effects] = {}
        self._calls_with: dict[int, list[Value]] = {}  # the calls that are given an object
        self._put_off = 0  # calls that are followed later than they were made

    def evaluate(self, node: ast.AST, frame: Frame) -> Value:
        """Returns the value of an expression."""
        self._looked_at += 1
        if self._looked_at > MOST_EXPRESSIONS:
            self.is_exhausted = True
            return self.values.unknown(frame.origin(node), why="there is too much code to follow")
        return self.expressions.evaluate(node, frame)

    def imported(self, importer: str, module: str, level: int) -> TreeModule | None:
        """Returns a module that a file imports; None if it is not in the tree, or one too many."""
        path = self.tree.path(importer, module, level)
        if path is None or (path not in self._paths and len(self._paths) >= MOST_MODULES):
            return None
        self._paths.add(path)
        return self.tree.module(path)

    def later(
        self,
        function: Value,
        args: tuple[Value, ...],
        named: dict[str, Value],
        *,
        frame: Frame,
        node: ast.AST,
    ) -> Value:
        """Returns a call that is followed when its result is asked for."""
        value = self.values.unique(Kind.LATER, (*args, *named.values()), "call", frame.origin(node))
        self._later[id(value)] = _Call(function, args, named, frame, copied(self.heap))
        for each in (*function.args, *args, *named.values()):
            if each.kind is Kind.INSTANCE:
                self._calls_with.setdefault(id(each), []).append(value)
        return value

    def effects(self, function: Value) -> Effects:
        """Returns what a function of the tree changes."""
        key = function.data[0]
        if key not in self._effects:
            self._effects[key] = of_function(self.functions[key][0])
        return self._effects[key]

    def follow_changes(self, instance: Value, name: str) -> None:
        """Follows the calls that were put off and may have set an attribute of an object."""
        if self._put_off or id(instance) not in self._calls_with:
            return
        for value in self._calls_with[id(instance)]:
            if id(value) not in self._results and self._may_set(self._later[id(value)], name):
                self.known(value)

    def _may_set(self, call: _Call, name: str) -> bool:
        function = call.function
        if function.kind is Kind.BOUND and len(function.args) == 3:
            methods = self.objects.methods(function.args[0])
        else:
            methods = [function] if function.kind is Kind.FUNCTION else []
        return any(name in self.effects(each).attributes for each in methods)

    def known(self, value: Value) -> Value:
        """Follows a call that was put off; other values are returned as they are."""
        for _ in range(DEEPEST):
            if value.kind is Kind.ITEM and value.args[0].kind is Kind.LATER:
                base = self.known(value.args[0])
                found = self._item(value, base)
                if found is value:
                    return value
                value = found
            elif value.kind is Kind.LATER:
                value = self._followed(value)
            else:
                return value
        return value

    def follow_all(self) -> None:
        """Follows all calls that were put off, in their order: they may fill collections."""
        waiting = list(self._later)
        while waiting:
            for key in waiting:
                if key not in self._results:
                    call = self._later[key]
                    self._results[key] = self._result(call, keeps_heap=True)
            # They have put off more calls.
            waiting = [key for key in self._later if key not in self._results]

    def _followed(self, value: Value) -> Value:
        key = id(value)
        if key not in self._results:
            self._results[key] = self.values.unknown(value.origin, value.args, "it calls itself")
            self._results[key] = self._result(self._later[key], keeps_heap=False)
        return self._results[key]

    def _result(self, call: _Call, *, keeps_heap: bool) -> Value:
        heap = self.heap
        if not keeps_heap:
            self.heap = copied(call.heap)
        self._put_off += 1
        try:
            return self.calls.followed(call.function, call.args, call.named, call.frame)
        finally:
            self._put_off -= 1
            if not keeps_heap:
                changes.merge(call.heap, self.heap, heap, self.values)
                self.heap = heap

    def _item(self, item: Value, base: Value) -> Value:
        if base is item.args[0]:
            return item
        if item.data is not None:
            return self.objects.attribute(base, item.data, item.origin)
        return self.containers.item(base, item.args[1], item.origin)
