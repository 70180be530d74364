"""The values of expressions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.values import Kind, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_OPERATORS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floordiv", operator.floordiv),
    ast.Mod: ("mod", operator.mod),
    ast.Pow: ("pow", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("logical_and", operator.and_),
    ast.BitOr: ("logical_or", operator.or_),
}
_COMPARISONS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
}
_NEVER_NONE = frozenset(
    {Kind.CALL, Kind.LIST, Kind.DICT, Kind.FUNCTION, Kind.CLASS, Kind.INSTANCE, Kind.EACH}
)
_LARGEST = 1e12  # numbers above are not computed


class Expressions:
    """Evaluates expressions of all types."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values
        self._by_type: dict[type[ast.AST], Callable[[Any, Frame], Value]] = {
            ast.Name: self._name,
            ast.Constant: self._constant,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._unary,
            ast.Compare: self._comparison,
            ast.BoolOp: self._truth_operation,
            ast.IfExp: self._choice,
            ast.Tuple: self._list,
            ast.List: self._list,
            ast.Dict: self._dict,
            ast.Subscript: self._subscript,
            ast.Lambda: self._lambda,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.NamedExpr: self._walrus,
            ast.Starred: lambda node, frame: interpreter.evaluate(node.value, frame),
        }

    def evaluate(self, node: ast.AST, frame: Frame) -> Value:
        """Returns the value of an expression."""
        evaluate = self._by_type.get(type(node))
        return (
            self._values.unknown(frame.origin(node)) if evaluate is None else evaluate(node, frame)
        )

    def definition(self, node: ast.AST, frame: Frame) -> Value:
        """Returns the function or class that a `def`, `class` or lambda makes."""
        kind = Kind.CLASS if isinstance(node, ast.ClassDef) else Kind.FUNCTION
        self._interpreter.functions[id(node)] = (node, frame)
        return self._values.make(kind, data=(id(node), id(frame)), origin=frame.origin(node))

    def truth(self, value: Value) -> bool | None:
        """Returns whether a value counts as true; None if that is not known."""
        value = self._interpreter.known(value)
        if value.kind is Kind.CONSTANT:
            return bool(value.data)
        if value.kind in (Kind.LIST, Kind.DICT):
            return bool(value.args)
        if value.kind in (Kind.FUNCTION, Kind.CLASS, Kind.MODULE):
            return True
        if value.kind is Kind.EITHER:
            first, second = map(self.truth, value.args[1:])
            return first if first is second else None
        return None

    def _name(self, node: ast.Name, frame: Frame) -> Value:
        found = frame.find(node.id)
        return self._interpreter.globals.name(node.id, frame.module) if found is None else found

    def _constant(self, node: ast.Constant, frame: Frame) -> Value:
        if isinstance(node.value, int | float | str | bytes | bool | None):
            return self._values.constant(node.value)
        return self._values.unknown(frame.origin(node))

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Value:
        base = self._interpreter.evaluate(node.value, frame)
        return self._interpreter.objects.attribute(base, node.attr, frame.origin(node))

    def _call(self, node: ast.Call, frame: Frame) -> Value:
        return self._interpreter.calls.call(node, frame)

    def _operation(self, node: ast.BinOp, frame: Frame) -> Value:
        left = self._interpreter.evaluate(node.left, frame)
        right = self._interpreter.evaluate(node.right, frame)
        return self.operation(node.op, left, right, frame, node)

    def operation(
        self, operation: ast.operator, left: Value, right: Value, frame: Frame, node: ast.AST
    ) -> Value:
        """Returns what an operator makes of two values."""
        found = _OPERATORS.get(type(operation))
        if found is None:
            return self._values.unknown(frame.origin(node), (left, right))
        name, compute = found
        numbers = (left.number, right.number)
        if None not in numbers:
            try:
                result = compute(left.data, right.data)
            except (ArithmeticError, TypeError, ValueError):
                return self._values.unknown(frame.origin(node), (left, right))
            if isinstance(result, int | float) and abs(result) < _LARGEST:
                return self._values.constant(result)
        if name == "add" and left.kind is right.kind is Kind.LIST:
            args = (*left.args, *right.args)
            return self._values.make(Kind.LIST, args, left.data, origin=frame.origin(node))
        return self._values.call(name, left, right, origin=frame.origin(node))

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Value:
        value = self._interpreter.evaluate(node.operand, frame)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            if truth is not None:
                return self._values.constant(not truth)
            return self._values.call("logical_not", value, origin=frame.origin(node))
        if isinstance(node.op, ast.USub):
            if value.number is not None:
                return self._values.constant(-value.data)
            return self._values.call("negative", value, origin=frame.origin(node))
        return value if isinstance(node.op, ast.UAdd) else self._values.call("invert", value)

    def _comparison(self, node: ast.Compare, frame: Frame) -> Value:
        left = self._interpreter.evaluate(node.left, frame)
        rights = [self._interpreter.evaluate(each, frame) for each in node.comparators]
        if len(rights) != 1:
            return self._values.call("greater", left, *rights, origin=frame.origin(node))
        right, kind = rights[0], type(node.ops[0])
        if kind in (ast.Is, ast.IsNot):
            same = self._is(left, right)
            if same is not None:
                return self._values.constant(same is (kind is ast.Is))
            return self._values.call("is", left, right, origin=frame.origin(node))
        if kind in (ast.In, ast.NotIn):
            inside = self._is_in(left, right)
            if inside is not None:
                return self._values.constant(inside is (kind is ast.In))
            return self._values.call("in", left, right, origin=frame.origin(node))
        name, compute = _COMPARISONS[kind]
        if left.kind is right.kind is Kind.CONSTANT:
            try:
                return self._values.constant(bool(compute(left.data, right.data)))
            except TypeError:
                pass
        return self._values.call(name, left, right, origin=frame.origin(node))

    def _is(self, left: Value, right: Value) -> bool | None:
        left, right = self._interpreter.known(left), self._interpreter.known(right)
        if left.kind is right.kind is Kind.CONSTANT:
            return left is right
        for one, other in ((left, right), (right, left)):
            if one.is_none and (other.kind in _NEVER_NONE or _is_feature(other)):
                return False
        return None

    def _is_in(self, left: Value, right: Value) -> bool | None:
        right = self._interpreter.known(right)
        if left.kind is not Kind.CONSTANT:
            return None
        if right.kind is Kind.DICT:
            return left.data in right.data
        if right.kind is Kind.LIST and all(each.kind is Kind.CONSTANT for each in right.args):
            return left in right.args
        if right.kind is Kind.CONSTANT and isinstance(right.data, str):
            return isinstance(left.data, str) and left.data in right.data
        return None

    def _truth_operation(self, node: ast.BoolOp, frame: Frame) -> Value:
        stops_at = isinstance(node.op, ast.Or)
        *first, last = node.values
        unknown: list[Value] = []
        for each in first:
            value = self._interpreter.evaluate(each, frame)
            truth = self.truth(value)
            if truth is stops_at:
                return (
                    value if not unknown else self._unclear(unknown, value, stops_at, node, frame)
                )
            if truth is None:
                unknown.append(value)
        value = self._interpreter.evaluate(last, frame)
        return value if not unknown else self._unclear(unknown, value, stops_at, node, frame)

    def _unclear(
        self, unknown: list[Value], last: Value, stops_at: bool, node: ast.AST, frame: Frame
    ) -> Value:
        if self.truth(last) is stops_at and last.kind is Kind.CONSTANT:
            return last  # true or false in each case
        for value in reversed(unknown):
            last = self._values.either(value, value, last, frame.origin(node))
        return last

    def _choice(self, node: ast.IfExp, frame: Frame) -> Value:
        test = self._interpreter.evaluate(node.test, frame)
        truth = self.truth(test)
        if truth is not None:
            return self._interpreter.evaluate(node.body if truth else node.orelse, frame)
        first = self._interpreter.evaluate(node.body, frame)
        second = self._interpreter.evaluate(node.orelse, frame)
        return self._values.either(test, first, second, frame.origin(node))

    def elements(self, nodes: list[ast.expr], frame: Frame) -> tuple[Value, ...] | None:
        """Returns the values of elements or arguments; None if a `*` hides how many they are."""
        found: list[Value] = []
        for node in nodes:
            value = self._interpreter.evaluate(node, frame)
            if isinstance(node, ast.Starred):
                value = self._interpreter.known(value)
                if value.kind is not Kind.LIST:
                    return None
                found += value.args
            else:
                found.append(value)
        return tuple(found)

    def _list(self, node: ast.Tuple | ast.List, frame: Frame) -> Value:
        found = self.elements(node.elts, frame)
        if found is None:
            return self._values.unknown(frame.origin(node))
        kind = "tuple" if isinstance(node, ast.Tuple) else "list"
        return self._values.make(Kind.LIST, found, kind, origin=frame.origin(node))

    def _dict(self, node: ast.Dict, frame: Frame) -> Value:
        items: dict[Any, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = None if key is None else self._interpreter.evaluate(key, frame)
            item = self._interpreter.evaluate(value, frame)
            if name is None and item.kind is Kind.DICT:
                items.update(zip(item.data, item.args, strict=True))
            elif name is None or name.kind is not Kind.CONSTANT:
                return self._values.unknown(frame.origin(node), (item,))
            else:
                items[name.data] = item
        return self._interpreter.containers.dict_of(items, frame.origin(node))

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Value:
        base = self._interpreter.evaluate(node.value, frame)
        origin = frame.origin(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Slice) or _is_ellipsis(part) for part in parts):
            return self._interpreter.containers.slice(base, node.slice, frame, origin)
        index = self._interpreter.evaluate(node.slice, frame)
        return self._interpreter.containers.item(base, index, origin)

    def _lambda(self, node: ast.Lambda, frame: Frame) -> Value:
        return self.definition(node, frame)

    def _walrus(self, node: ast.NamedExpr, frame: Frame) -> Value:
        value = self._interpreter.evaluate(node.value, frame)
        frame.names[node.target.id] = value
        return value

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, frame: Frame) -> Value:
        origin = frame.origin(node)
        if len(node.generators) != 1:
            return self._values.unknown(origin, self._read_in(node, frame))
        generator = node.generators[0]
        source = self._interpreter.evaluate(generator.iter, frame)
        elements = self._interpreter.containers.elements(source)
        inner = Frame(
            frame.module, {}, frame, frame.function, self_value=frame.self_value, depth=frame.depth
        )
        if elements is None:
            element = self._interpreter.containers.any_element(source, origin)
            self._interpreter.statements.bind(generator.target, element, inner, node)
            made = self._interpreter.evaluate(node.elt, inner)
            return self._values.make(Kind.EACH, (made, source), origin=origin)
        found: list[Value] = []
        for element in elements:
            self._interpreter.statements.bind(generator.target, element, inner, node)
            tests = [self.truth(self._interpreter.evaluate(each, inner)) for each in generator.ifs]
            if None in tests:
                return self._values.unknown(origin, (source,))
            if all(tests):
                found.append(self._interpreter.evaluate(node.elt, inner))
        return self._values.make(Kind.LIST, tuple(found), "list", origin=origin)

    def _read_in(self, node: ast.AST, frame: Frame) -> tuple[Value, ...]:
        return self._interpreter.statements.read_in([node], frame)


def _is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _is_feature(value: Value) -> bool:
    """Returns whether a value is the features, or one of them by its name."""
    if value.kind is Kind.ITEM and value.data is None:
        value = value.args[0]
        return value.kind is Kind.INPUT
    return value.kind is Kind.INPUT and value.data == "features"
