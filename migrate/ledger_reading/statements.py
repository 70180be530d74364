"""What statements do: they bind names, return values, and lead into branches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from migrate.ledger_reading.effects import CHANGING
from migrate.ledger_reading.frames import Frame, Heap, copied
from migrate.ledger_reading.tree import target_names
from migrate.ledger_reading.values import Kind, Origin, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_NOT_NODES = frozenset({str, int, type(None), float, ast.Load, ast.Store})
_Names = dict[str, Value]


class Statements:
    """Follows statements."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values
        self._branches = 0  # that are being followed, in all functions
        self._by_type: dict[type[ast.stmt], Callable[[Any, Frame], bool]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign_annotated,
            ast.AugAssign: self._assign_augmented,
            ast.Return: self._return,
            ast.If: self._if,
            ast.For: self._for,
            ast.While: self._loop,
            ast.AsyncFor: self._loop,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.FunctionDef: self._define,
            ast.AsyncFunctionDef: self._define,
            ast.ClassDef: self._define,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Match: self._loop,
            ast.Nonlocal: self._nonlocal,
        }

    def follow(self, body: Iterable[ast.stmt], frame: Frame) -> bool:
        """Follows statements; returns whether they end the function, or this round of a loop."""
        for statement in body:
            if isinstance(statement, ast.Raise | ast.Continue | ast.Break):
                return True
            if self._interpreter.is_exhausted:
                return True
            follow = self._by_type.get(type(statement))
            if follow is not None and follow(statement, frame):
                return True
        return False

    def bind(self, target: ast.AST, value: Value, frame: Frame, node: ast.AST) -> None:
        """Binds the names of a target."""
        if isinstance(target, ast.Name) and target.id in frame.elsewhere:
            self.rebind(target, value, frame)
        elif isinstance(target, ast.Name):
            frame.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, frame, node)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, self._values.unknown(frame.origin(node), (value,)), frame, node)
        elif isinstance(target, ast.Attribute):
            base = self._interpreter.evaluate(target.value, frame)
            self._interpreter.objects.set_attribute(base, target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, value, frame)

    def _unpack(
        self, target: ast.Tuple | ast.List, value: Value, frame: Frame, node: ast.AST
    ) -> None:
        if any(isinstance(each, ast.Starred) for each in target.elts):
            for each in target.elts:
                self.bind(each, self._values.unknown(frame.origin(node), (value,)), frame, node)
            return
        for index, each in enumerate(target.elts):
            item = self._interpreter.containers.item(
                value, self._values.constant(index), frame.origin(node)
            )
            self.bind(each, item, frame, node)

    def _set_item(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        base = self._interpreter.evaluate(target.value, frame)
        key = (
            self._values.unknown(None)
            if isinstance(target.slice, ast.Slice)
            else self._interpreter.evaluate(target.slice, frame)
        )
        origin = frame.origin(target)
        if base.kind is Kind.DICT and key.kind is Kind.CONSTANT:
            items = dict(zip(base.data, base.args, strict=True)) | {key.data: value}
            changed = self._interpreter.containers.dict_of(items, origin)
        else:
            changed = self._values.unknown(origin, (base, value))
        self.rebind(target.value, changed, frame)

    def rebind(self, node: ast.AST, value: Value, frame: Frame) -> None:
        """Binds the name or attribute of a container to the container after a change."""
        if isinstance(node, ast.Name):
            owner: Frame | None = frame
            while owner is not None and node.id not in owner.names:
                owner = owner.around
            if owner is not None:
                if self._branches > owner.branches:  # of a function that the owner's code calls
                    value = self._values.unknown(value.origin, (value,), "a branch changes it")
                owner.names[node.id] = value
        elif isinstance(node, ast.Attribute):
            base = self._interpreter.evaluate(node.value, frame)
            self._interpreter.objects.set_attribute(base, node.attr, value)

    def _expression(self, node: ast.Expr, frame: Frame) -> bool:
        call = node.value
        if isinstance(call, ast.Constant):
            return False
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in CHANGING
        ):
            self._change(call, call.func, frame)
            return False
        value = self._interpreter.evaluate(call, frame)
        self._interpreter.known(value)
        return False

    def _change(self, call: ast.Call, method: ast.Attribute, frame: Frame) -> None:
        base = self._interpreter.known(self._interpreter.evaluate(method.value, frame))
        args = self._interpreter.expressions.elements(call.args, frame)
        origin = frame.origin(call)
        changed = args is not None and self._interpreter.containers.changed(
            base, method.attr, args, origin
        )
        if not changed:
            more = (base, *(args or ()))
            changed = self._values.unknown(origin, more)
        if base.kind in (Kind.LIST, Kind.DICT, Kind.UNKNOWN, Kind.EACH, Kind.EITHER, Kind.CALL):
            self.rebind(method.value, changed, frame)

    def _assign(self, node: ast.Assign, frame: Frame) -> bool:
        value = self._interpreter.evaluate(node.value, frame)
        for target in node.targets:
            self.bind(target, value, frame, node.value)
        return False

    def _assign_annotated(self, node: ast.AnnAssign, frame: Frame) -> bool:
        if node.value is not None:
            value = self._interpreter.evaluate(node.value, frame)
            self.bind(node.target, value, frame, node.value)
        return False

    def _assign_augmented(self, node: ast.AugAssign, frame: Frame) -> bool:
        before = self._interpreter.evaluate(_read(node.target), frame)
        value = self._interpreter.evaluate(node.value, frame)
        expression = ast.copy_location(ast.BinOp(_read(node.target), node.op, node.value), node)
        result = self._interpreter.expressions.operation(node.op, before, value, frame, expression)
        self.bind(node.target, result, frame, expression)
        return False

    def _return(self, node: ast.Return, frame: Frame) -> bool:
        value = (
            self._values.none
            if node.value is None
            else self._interpreter.evaluate(node.value, frame)
        )
        frame.returned.append((None, value))
        return True

    def _if(self, node: ast.If, frame: Frame) -> bool:
        test = self._interpreter.evaluate(node.test, frame)
        truth = self._interpreter.expressions.truth(test)
        if truth is not None:
            return self.follow(node.body if truth else node.orelse, frame)
        return self._both(test, node.body, node.orelse, frame, frame.origin(node.test))

    def _both(
        self,
        test: Value,
        first: Sequence[ast.stmt],
        second: Sequence[ast.stmt],
        frame: Frame,
        origin: Origin,
    ) -> bool:
        """Follows two branches, and joins what they leave."""
        interpreter = self._interpreter
        before, heap = dict(frame.names), copied(interpreter.heap)
        count = len(frame.returned)
        self._branches += 1
        frame.branches += 1
        ends_first = self.follow(first, frame)
        for index in range(count, len(frame.returned)):
            frame.returned[index] = (test, frame.returned[index][1])
        names_first, heap_first = frame.names, interpreter.heap
        frame.names, interpreter.heap = before, heap
        ends_second = self.follow(second, frame)
        self._branches -= 1
        frame.branches -= 1
        if ends_first and ends_second:
            return True
        if ends_second:
            frame.names, interpreter.heap = names_first, heap_first
        elif not ends_first:
            frame.names = self._joined(test, names_first, frame.names, origin)
            interpreter.heap = self._joined_heaps(test, heap_first, interpreter.heap, origin)
        return False

    def _joined(self, test: Value, first: _Names, second: _Names, origin: Origin) -> _Names:
        result = dict(second)
        for name, value in first.items():
            other = second.get(name)
            if other is None:
                result[name] = value
            elif other is not value:
                result[name] = self._values.either(test, value, other, origin)
        return result

    def _joined_heaps(self, test: Value, first: Heap, second: Heap, origin: Origin) -> Heap:
        result = copied(second)
        for key, attributes in first.items():
            result[key] = self._joined(test, attributes, second.get(key, {}), origin)
        return result

    def _for(self, node: ast.For, frame: Frame) -> bool:
        source = self._interpreter.evaluate(node.iter, frame)
        elements = self._interpreter.containers.elements(source)
        if elements is None or any(
            isinstance(each, ast.Break | ast.Continue) for each in _inside(node)
        ):
            return self._loop(node, frame)
        count = len(frame.returned)
        for element in elements:
            self.bind(node.target, element, frame, node.iter)
            self.follow(node.body, frame)
            if len(frame.returned) > count:
                return frame.returned[-1][0] is None
        return self.follow(node.orelse, frame)

    def _loop(self, node: ast.For | ast.While | ast.AsyncFor | ast.Match, frame: Frame) -> bool:
        """Forgets what a loop of unknown length may have changed."""
        origin = frame.origin(node.iter if isinstance(node, ast.For | ast.AsyncFor) else node)
        inside = _inside(node)
        read = _values_read(inside, frame)
        for name in _changed_names(inside):
            known = frame.names.get(name)
            more = read if known is None else (known, *read)
            frame.names[name] = self._values.unknown(origin, more, "a loop changes it")
        for attribute in _attributes_set(inside):
            base = self._interpreter.evaluate(attribute.value, frame)
            value = self._values.unknown(origin, read, "a loop changes it")
            self._interpreter.objects.set_attribute(base, attribute.attr, value)
        if any(isinstance(each, ast.Return) for each in inside):
            test = self._values.unknown(origin, read)
            frame.returned.append((test, self._values.unknown(origin, read)))
        self._interpreter.calls.opens_collections()
        return False

    def read_in(self, nodes: Iterable[ast.AST], frame: Frame) -> tuple[Value, ...]:
        """Returns what is bound to the names that nodes read."""
        return _values_read([each for node in nodes for each in _inside(node)], frame)

    def _with(self, node: ast.With, frame: Frame) -> bool:
        for item in node.items:
            value = self._interpreter.evaluate(item.context_expr, frame)
            self._interpreter.calls.collections.enter_scope(value)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, frame, item.context_expr)
        return self.follow(node.body, frame)

    def _try(self, node: ast.Try, frame: Frame) -> bool:
        """Follows the body; a handler counts as a branch only if it binds names differently."""
        test = self._values.unknown(frame.origin(node), (), "whether an exception is raised")
        handlers = [handler.body for handler in node.handlers]
        body = [*node.body, *node.orelse]
        if handlers and not _is_about_names(node):
            ends = self._both(test, body, handlers[0], frame, frame.origin(node))
        else:
            ends = self.follow(body, frame)
        return self.follow(node.finalbody, frame) or ends

    def _nonlocal(self, node: ast.Nonlocal, frame: Frame) -> bool:
        frame.elsewhere.update(node.names)
        return False

    def _define(self, node: ast.AST, frame: Frame) -> bool:
        frame.names[node.name] = self._interpreter.expressions.definition(node, frame)  # type: ignore[attr-defined]
        return False

    def _import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> bool:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            frame.names[name] = self._interpreter.globals.imported(name, node, frame)
        return False


def _values_read(nodes: Iterable[ast.AST], frame: Frame) -> tuple[Value, ...]:
    names = {
        each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }
    found = [frame.find(name) for name in sorted(names)]
    return tuple(value for value in found if value is not None)


def _changed_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Returns the names that nodes bind, or whose containers they change."""
    names: set[str] = set()
    for each in nodes:
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.add(each.id)
        elif (isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store)) or (
            isinstance(each, ast.Attribute) and each.attr in CHANGING
        ):
            names.update(target_names(each.value))
    return names


def _inside(node: ast.AST) -> list[ast.AST]:
    """Lists a node and all nodes in it; faster than `ast.walk`, in another order."""
    found: list[ast.AST] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        for field in each._fields:
            value: Any = getattr(each, field, None)
            kind = value.__class__
            if isinstance(value, list):
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif kind not in _NOT_NODES and isinstance(value, ast.AST):
                waiting.append(value)
    return found


def is_generator(node: ast.AST) -> bool:
    """Returns whether a function yields; the functions in it count, too."""
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _inside(node))


def _attributes_set(nodes: Iterable[ast.AST]) -> list[ast.Attribute]:
    return [
        each
        for each in nodes
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    ]


def _is_about_names(node: ast.Try) -> bool:
    """Tells whether an exception would only say that a name or a module is not there."""
    kinds = {"AttributeError", "ImportError", "ModuleNotFoundError", "NameError"}
    return all(isinstance(each.type, ast.Name) and each.type.id in kinds for each in node.handlers)


def _read(target: ast.expr) -> ast.expr:
    """Returns the target of an augmented assignment as an expression that is read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    if isinstance(target, ast.Subscript):
        return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    return target
