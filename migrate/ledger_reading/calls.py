"""Calls: of functions of the tree, which are followed, and of everything else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrate.ledger_reading import builtin_calls, keras_subclasses
from migrate.ledger_reading.frames import LOSSES, REGULARIZATION, Frame
from migrate.ledger_reading.graph_collections import Collections
from migrate.ledger_reading.statements import is_generator
from migrate.ledger_reading.values import Kind, Origin, Value, symbol_name, text_of

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

DEEPEST = 18
# Decorators after which a function still returns what it did.
_HARMLESS = frozenset(
    {
        *("abstractmethod", "add_arg_scope", "classmethod", "configurable", "define_scope"),
        *("do_not_convert", "function", "lazy_property", "lru_cache", "override", "property"),
        *("cached_property", "staticmethod", "wraps", "deprecated", "deprecated_args"),
    }
)
# Types that are called like functions when a layer or model is called.
SPECS = ("EstimatorSpec", "TPUEstimatorSpec")
# What makes objects that are called.
_OBJECTS = ("keras.", "layers.", "losses.")
_CALLED = ("__call__", "call")
_Named = dict[str, Value]


class Calls:
    """Evaluates calls."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values
        self.collections = Collections(interpreter)
        self._active: list[int] = []

    def opens_collections(self) -> None:
        """Notes that code which is not followed may add to the graph's collections."""
        self.collections.open()

    def call(self, node: ast.Call, frame: Frame) -> Value:
        """Returns the value of a call."""
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return self._values.make(
                Kind.BOUND, tuple(filter(None, (frame.self_value, frame.owner))), "super"
            )
        function = self._interpreter.evaluate(node.func, frame)
        args = self._interpreter.expressions.elements(node.args, frame)
        named = self._named(node, frame)
        origin = frame.origin(node)
        if args is None or named is None:
            return self._with_stars(node, function, frame, origin)
        value = self.of(function, args, named, frame, node)
        return self._with_effects(value, function, args, node, frame)

    def _with_effects(
        self,
        value: Value,
        function: Value,
        args: tuple[Value, ...],
        node: ast.Call,
        frame: Frame,
    ) -> Value:
        """Returns what a call returns, and does what it changes outside of its function."""
        called, given = function, list(zip(node.args, args, strict=False))
        is_method = function.kind is Kind.BOUND and len(function.args) == 3
        if is_method:
            called = function.args[1]
        if called.kind is not Kind.FUNCTION:
            return value
        effects = self._interpreter.effects(called)
        if effects.outside:
            value = self._interpreter.known(value)
        if effects.changed and not any(isinstance(each, ast.Starred) for each in node.args):
            names = effects.parameters[1:] if is_method else effects.parameters
            pairs = list(zip(names, given, strict=False))
            pairs += [
                (each.arg, (each.value, self._interpreter.evaluate(each.value, frame)))
                for each in node.keywords
                if each.arg is not None
            ]
            for name, (argument, container) in pairs:
                if name in effects.changed and container.kind in (Kind.LIST, Kind.DICT):
                    why = f"`{ast.unparse(node.func)}` changes it"
                    changed = self._values.unknown(frame.origin(argument), (container,), why)
                    self._interpreter.statements.rebind(argument, changed, frame)
        return value

    def _named(self, node: ast.Call, frame: Frame) -> _Named | None:
        named: _Named = {}
        for keyword in node.keywords:
            value = self._interpreter.evaluate(keyword.value, frame)
            if keyword.arg is not None:
                named[keyword.arg] = value
                continue
            value = self._interpreter.known(value)
            if value.kind is not Kind.DICT or not all(isinstance(k, str) for k in value.data):
                return None
            named.update(zip(value.data, value.args, strict=True))
        return named

    def _with_stars(self, node: ast.Call, function: Value, frame: Frame, origin: Origin) -> Value:
        read = [self._interpreter.evaluate(each, frame) for each in node.args]
        read += [self._interpreter.evaluate(each.value, frame) for each in node.keywords]
        self.opens_collections()
        name = symbol_name(function)
        if name.rpartition(".")[2] in SPECS:
            written = {
                each.arg: self._interpreter.evaluate(each.value, frame)
                for each in node.keywords
                if each.arg is not None
            }
            if "loss" in written:
                return self._values.call("EstimatorSpec", origin=origin, loss=written["loss"])
        return self._values.unknown(origin, (function, *read))

    def of(
        self,
        function: Value,
        args: tuple[Value, ...],
        named: _Named,
        frame: Frame,
        node: ast.AST,
    ) -> Value:
        """Returns what a function returns for these arguments."""
        interpreter, origin = self._interpreter, frame.origin(node)
        if function.kind in (Kind.LATER, Kind.ITEM):
            function = interpreter.known(function)
        if function.kind is Kind.SYMBOL:
            return self._of_symbol(function, args, named, frame, node)
        if function.kind is Kind.FUNCTION:
            return interpreter.later(function, args, named, frame=frame, node=node)
        if function.kind is Kind.CLASS:
            return interpreter.later(function, args, named, frame=frame, node=node)
        if function.kind is Kind.BOUND and len(function.args) == 3:
            if function.args[0] is frame.self_value:
                return self.followed(function, args, named, frame)
            return interpreter.later(function, args, named, frame=frame, node=node)
        if function.kind is Kind.INSTANCE:
            loss = keras_subclasses.called(
                interpreter, function, args, named, frame=frame, node=node
            )
            if loss is not None:
                return loss
            for name in _CALLED:
                method = interpreter.objects.attribute(function, name, origin)
                if method.kind is Kind.BOUND:
                    return interpreter.later(method, args, named, frame=frame, node=node)
        if function.kind is Kind.EITHER:
            test, first, second = function.args
            one = self.of(first, args, named, frame, node)
            other = self.of(second, args, named, frame, node)
            return self._values.either(test, one, other, origin)
        if function.name == "functools.partial":
            inner, *given = [a for a, n in zip(function.args, function.names, strict=True) if not n]
            more = {n: a for a, n in zip(function.args, function.names, strict=True) if n}
            return self.of(inner, (*given, *args), {**more, **named}, frame, node)
        return self._of_value(function, args, named, origin)

    def _of_value(
        self, function: Value, args: tuple[Value, ...], named: _Named, origin: Origin
    ) -> Value:
        """Calls a method of a container or of a tensor, or something that is not known."""
        if function.kind is Kind.ITEM and function.data is not None:
            base, name = function.args[0], function.data
            if base.kind in (Kind.LIST, Kind.DICT):
                found = self._interpreter.containers.method(base, name, args, origin)
                if found is not None:
                    return found
            if base.kind is Kind.SETTING and name in ("get", "items", "values", "keys"):
                written = ", ".join(map(text_of, args))
                return self._values.make(Kind.SETTING, data=f"{base.data}.{name}({written})")
            if name == "create_estimator_spec" or name == "create_loss":
                made = (base, *args, *named.values())
                names = ("",) * (len(args) + 1) + tuple(named)
                return self._values.make(Kind.CALL, made, name, names=names, origin=origin)
            if name == "get" and base.kind is Kind.INPUT and args:
                return self._values.make(Kind.ITEM, (base, args[0]), origin=origin)
            if base.kind in (Kind.CALL, Kind.INPUT) or base.depends & 3:
                names = ("",) * (len(args) + 1) + tuple(named)
                made = (base, *args, *named.values())
                return self._values.make(
                    Kind.CALL, made, f"method.{name}", names=names, origin=origin
                )
        if function.kind is Kind.CALL and function.name.startswith(_OBJECTS):
            names = ("",) * (len(args) + 1) + tuple(named)
            made = (function, *args, *named.values())
            return self._values.make(Kind.CALL, made, "object", names=names, origin=origin)
        self.opens_collections()
        return self._values.unknown(origin, (function, *args, *named.values()))

    def _of_symbol(
        self,
        function: Value,
        args: tuple[Value, ...],
        named: _Named,
        frame: Frame,
        node: ast.AST,
    ) -> Value:
        origin, name = frame.origin(node), symbol_name(function)
        last = str(function.data).rpartition(".")[2]
        if not name and last in SPECS:
            name = last
        if not name:
            resolved = self._in_tree(function.data, frame)
            if resolved is not None:
                return self.of(resolved, args, named, frame, node)
            found = builtin_calls.result(self._interpreter, function.data, args, named, origin)
            if found is not None:
                return found
            if function.data.partition(".")[0] in ("numpy", "np", "math", "builtins"):
                name = function.data
            elif function.data.startswith("tf_slim."):
                name = f"contrib.slim.{function.data.removeprefix('tf_slim.')}"
            elif function.data in ("functools.partial", "collections.namedtuple"):
                name = function.data
            else:
                self.opens_collections()
                return self._values.unknown(origin, (function, *args, *named.values()))
        names = ("",) * len(args) + tuple(named)
        made = self._values.make(
            Kind.CALL, (*args, *named.values()), name, names=names, origin=origin
        )
        return self.collections.after(made, frame, node)

    def _in_tree(self, dotted: str, frame: Frame) -> Value | None:
        """Returns a function of a module that was imported by its whole name."""
        module, _, name = dotted.rpartition(".")
        found = module and self._interpreter.imported(frame.module.path, module, 0)
        return self._interpreter.globals.attribute(found, name) if found else None

    def followed(
        self, function: Value, args: tuple[Value, ...], named: _Named, frame: Frame
    ) -> Value:
        """Follows a call into a function, method or class of the tree."""
        if function.kind is Kind.CLASS:
            return self._interpreter.objects.made(function, args, named, frame)
        if function.kind is Kind.BOUND:
            base, method, owner = function.args
            return self.enter(method, (base, *args), named, frame, self_value=base, owner=owner)
        return self.enter(function, args, named, frame)

    def enter(
        self,
        function: Value,
        args: tuple[Value, ...],
        named: _Named,
        frame: Frame,
        *,
        self_value: Value | None = None,
        owner: Value | None = None,
    ) -> Value:
        """Follows the body of a function, and returns what it returns."""
        node: Any
        node, around = self._interpreter.functions[function.data[0]]
        why = self._refusal(function, node, frame)
        inner = Frame(
            around.module,
            {},
            around,
            getattr(node, "name", "lambda"),
            self_value=self_value or around.self_value,
            owner=owner or around.owner,
            depth=frame.depth + 1,
        )
        if not why and not self._bind(node.args, args, named, inner, around):
            why = "its arguments do not fit"
        if why:
            self.opens_collections()
            return self._values.unknown(function.origin, (*args, *named.values()), why)
        self._active.append(id(node))
        try:
            if isinstance(node, ast.Lambda):
                return self._interpreter.evaluate(node.body, inner)
            ended = self._interpreter.statements.follow(node.body, inner)
        finally:
            self._active.pop()
        return self.result(inner, ended, function.origin)

    def result(self, frame: Frame, ended: bool, origin: Origin | None) -> Value:
        """Joins what the `return` statements of a followed function return."""
        returned = list(frame.returned)
        if not returned:
            if self._interpreter.is_exhausted:
                return self._values.unknown(origin, (), "there is too much code to follow")
            if ended:
                return self._values.unknown(origin, (), "it raises an exception")
            return self._values.none
        result = self._values.none if returned[-1][0] is not None and not ended else None
        for test, value in reversed(returned):
            if result is None or test is None:
                result = value
            else:
                result = self._values.either(test, value, result, origin)
        assert result is not None
        return result

    def _refusal(self, function: Value, node: Any, frame: Frame) -> str:
        if frame.depth >= DEEPEST:
            return "its calls are nested too deep"
        if self._active.count(id(node)) > 1:
            return "it calls itself"
        if isinstance(node, ast.AsyncFunctionDef):
            return "it is asynchronous"
        if not isinstance(node, ast.Lambda):
            others = self._interpreter.objects.decorators(function) - _HARMLESS
            if others and not all(each.startswith("register") for each in others):
                return f"its decorator `{sorted(others)[0]}` may change what it returns"
            generators = self._interpreter.functions[function.data[0]][1].module.generators
            if node not in generators:
                generators[node] = is_generator(node)
            if generators[node]:
                return "it is a generator"
        return ""

    def _bind(
        self,
        parameters: ast.arguments,
        args: tuple[Value, ...],
        named: _Named,
        frame: Frame,
        around: Frame,
    ) -> bool:
        """Binds the parameters of a function; returns whether the arguments fit."""
        interpreter, values = self._interpreter, self._values
        positional = [*parameters.posonlyargs, *parameters.args]
        names = frame.names
        rest = dict(named)
        for parameter, value in zip(positional, args, strict=False):
            names[parameter.arg] = value
        if len(args) > len(positional) and parameters.vararg is None:
            return False
        if parameters.vararg is not None:
            names[parameters.vararg.arg] = values.make(
                Kind.LIST, tuple(args[len(positional) :]), "tuple"
            )
        defaults = dict(
            zip([p.arg for p in reversed(positional)], reversed(parameters.defaults), strict=False)
        )
        for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
            if default is not None:
                defaults[parameter.arg] = default
        for parameter in [*positional, *parameters.kwonlyargs]:
            if parameter.arg in rest:
                names[parameter.arg] = rest.pop(parameter.arg)
            elif parameter.arg not in names:
                if parameter.arg not in defaults:
                    return False
                names[parameter.arg] = interpreter.evaluate(defaults[parameter.arg], around)
        if parameters.kwarg is not None:
            names[parameters.kwarg.arg] = interpreter.containers.dict_of(rest, None)
        return parameters.kwarg is not None or not rest


__all__ = ["DEEPEST", "LOSSES", "REGULARIZATION", "Calls"]
