"""Objects of classes of the tree: their attributes and methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from estimator_compat.mode_keys import ModeKeys
from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.values import Kind, Origin, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_MODES = {
    "TRAIN": ModeKeys.TRAIN,
    "EVAL": ModeKeys.EVAL,
    "PREDICT": ModeKeys.PREDICT,
    "INFER": ModeKeys.PREDICT,
}
_MOST_BASES = 12


class Objects:
    """Makes objects, and reads and sets their attributes."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values

    def made(
        self, cls: Value, args: tuple[Value, ...], named: dict[str, Value], frame: Frame
    ) -> Value:
        """Returns a new object, and follows its `__init__`."""
        origin = cls.origin
        assert origin is not None
        value = self._values.unique(Kind.INSTANCE, (cls, *args, *named.values()), "object", origin)
        self._interpreter.heap[id(value)] = {}
        found = self.member(cls, "__init__")
        if found is not None:
            function, owner = found
            self._interpreter.calls.enter(
                function, (value, *args), named, frame, self_value=value, owner=owner
            )
        else:
            self._fill(value, cls, args, named)
        return value

    def _fill(
        self, value: Value, cls: Value, args: tuple[Value, ...], named: dict[str, Value]
    ) -> None:
        """Fills the attributes of a named tuple or dataclass."""
        node = self._interpreter.functions[cls.data[0]][0]
        names = [
            each.target.id
            for each in getattr(node, "body", ())
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        for base in self.bases(cls):
            if base.name == "collections.namedtuple":
                names = _fields(base)
        attributes = self._interpreter.heap[id(value)]
        attributes.update(zip(names, args, strict=False))
        attributes.update(named)

    def empty(self, cls: Value) -> Value:
        """Returns an object of a class whose attributes are not known."""
        assert cls.origin is not None
        value = self._values.unique(Kind.INSTANCE, (cls,), "object", cls.origin)
        self._interpreter.heap[id(value)] = {}
        return value

    def set_attribute(self, base: Value, name: str, value: Value) -> None:
        """Sets an attribute of an object; those of other values are not kept."""
        base = self._interpreter.known(base)
        if base.kind is Kind.INSTANCE:
            self._interpreter.follow_changes(base, name)
            self._interpreter.heap.setdefault(id(base), {})[name] = value

    def attribute(self, base: Value, name: str, origin: Origin | None) -> Value:
        """Returns `base.name`."""
        if base.kind in (Kind.LATER, Kind.ITEM):
            base = self._interpreter.known(base)
        if base.kind is Kind.SYMBOL:
            return self._of_symbol(base, name)
        if base.kind is Kind.MODULE:
            if name in ("EstimatorSpec", "TPUEstimatorSpec"):
                return self._values.make(Kind.SYMBOL, data=f"estimator_compat.{name}")
            return self._interpreter.globals.attribute(base.data, name)
        if base.kind is Kind.INSTANCE:
            return self._of_instance(base, name, origin)
        if base.kind is Kind.CLASS:
            found = self.member(base, name)
            if found is not None:
                return self._of_class(base, *found)
        if base.kind is Kind.EITHER:
            test, first, second = base.args
            if not first.is_none and not second.is_none:
                both = (self.attribute(first, name, origin), self.attribute(second, name, origin))
                return self._values.either(test, *both, origin)
        if base.name.endswith("EstimatorSpec"):
            given = base.argument(name)
            if given is not None:
                return given
        return self._values.make(Kind.ITEM, (base,), name, origin=origin)

    def member(self, cls: Value, name: str) -> tuple[Value, Value] | None:
        """Finds what a class or its bases define.

        Returns:
          The function, or another value, and the class that defines it; None if no class of the
          tree does.
        """
        for each in self.classes(cls):
            node, frame = self._interpreter.functions[each.data[0]]
            for statement in getattr(node, "body", ()):
                if getattr(statement, "name", "") == name:
                    return self._interpreter.expressions.definition(statement, frame), each
                if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
                    targets = (
                        statement.targets
                        if isinstance(statement, ast.Assign)
                        else [statement.target]
                    )
                    if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                        return self._interpreter.evaluate(statement.value, frame), each
        return None

    def methods(self, instance: Value) -> list[Value]:
        """Returns the methods of an object but those that make it."""
        found = []
        for each in self.classes(instance.args[0]):
            node, frame = self._interpreter.functions[each.data[0]]
            found += [
                self._interpreter.expressions.definition(statement, frame)
                for statement in getattr(node, "body", ())
                if isinstance(statement, ast.FunctionDef) and statement.name != "__init__"
            ]
        return found

    def classes(self, cls: Value) -> Iterator[Value]:
        """Yields a class and its bases, as far as they are in the tree."""
        waiting = [cls]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_BASES:
            each = waiting.pop(0)
            if each.kind is not Kind.CLASS or id(each) in seen:
                continue
            seen.add(id(each))
            yield each
            node, frame = self._interpreter.functions[each.data[0]]
            waiting += [self._interpreter.evaluate(base, frame) for base in node.bases]  # type: ignore[attr-defined]

    def bases(self, cls: Value) -> list[Value]:
        """Returns all bases that are not in the tree, as they are named."""
        found = []
        for each in self.classes(cls):
            node, frame = self._interpreter.functions[each.data[0]]
            bases = [self._interpreter.evaluate(base, frame) for base in node.bases]  # type: ignore[attr-defined]
            found += [base for base in bases if base.kind is not Kind.CLASS]
        return found

    def _of_symbol(self, base: Value, name: str) -> Value:
        dotted = f"{base.data}.{name}"
        if name in _MODES and base.data.endswith(("ModeKeys", "EstimatorModeKeys")):
            return self._values.constant(_MODES[name])
        return self._values.make(Kind.SYMBOL, data=dotted)

    def _of_instance(self, base: Value, name: str, origin: Origin | None) -> Value:
        self._interpreter.follow_changes(base, name)
        attributes = self._interpreter.heap.get(id(base), {})
        if name in attributes:
            return attributes[name]
        found = self.member(base.args[0], name)
        if found is None:
            return self._values.make(Kind.ITEM, (base,), name, origin=origin)
        member, owner = found
        if member.kind is not Kind.FUNCTION:
            return member
        names = self.decorators(member)
        if "staticmethod" in names:
            return member
        if "classmethod" in names:
            return self._values.make(Kind.BOUND, (base.args[0], member, owner), name)
        if names & {"property", "cached_property", "lazy_property", "define_scope"}:
            value = self._interpreter.calls.enter(
                member, (base,), {}, self._frame_of(member), self_value=base, owner=owner
            )
            attributes = self._interpreter.heap.setdefault(id(base), {})
            if "property" not in names:
                attributes[name] = value
            return value
        return self._values.make(Kind.BOUND, (base, member, owner), name)

    def _of_class(self, cls: Value, member: Value, owner: Value) -> Value:
        if member.kind is Kind.FUNCTION and "classmethod" in self.decorators(member):
            return self._values.make(Kind.BOUND, (cls, member, owner), "classmethod")
        return member

    def _frame_of(self, function: Value) -> Frame:
        return self._interpreter.functions[function.data[0]][1]

    def decorators(self, function: Value) -> set[str]:
        """Returns the last words of the names of a function's decorators."""
        node: Any = self._interpreter.functions[function.data[0]][0]
        names = set()
        for each in getattr(node, "decorator_list", ()):
            inner = each.func if isinstance(each, ast.Call) else each
            names.add(inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "?"))
        return names


def _fields(base: Value) -> list[str]:
    """Returns the names of a named tuple's fields; none if they are not known."""
    names = base.argument("field_names", position=1)
    if names is None:
        return []
    if isinstance(names.data, str) and names.kind is Kind.CONSTANT:
        return names.data.replace(",", " ").split()
    texts = [each.data for each in names.args if isinstance(each.data, str)]
    return texts if len(texts) == len(names.args) else []
