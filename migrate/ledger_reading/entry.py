"""How a model_fn is entered: its arguments, and the functions and classes around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.tree import TreeModule
from migrate.ledger_reading.values import Kind, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_USUAL = ("params", "config", "hparams", "mode", "self", "cls")
_INPUTS = {"features": "features", "labels": "labels", "targets": "labels", "label": "labels"}


def called(interpreter: Interpreter, function: ast.AST, module: TreeModule, mode: str) -> Value:
    """Returns what a model_fn returns in a mode."""
    around = _path(module.tree, function)
    frame = interpreter.globals.frame(module)
    self_value: Value | None = None
    for node in around[:-1]:
        if isinstance(node, ast.ClassDef):
            self_value = _object(interpreter, node, frame)
        else:
            frame = _entered(interpreter, node, frame, self_value, mode)
            self_value = frame.self_value
    inner = Frame(module, {}, frame, getattr(function, "name", ""), self_value=self_value, depth=1)
    _bind(interpreter, function, inner, mode)
    if any(each.kind is Kind.SETTING and name not in _USUAL for name, each in inner.names.items()):
        interpreter.calls.opens_collections()  # by the caller, who made the logits
    ended = interpreter.statements.follow(function.body, inner)  # type: ignore[attr-defined]
    return interpreter.calls.result(inner, ended, inner.origin(function))


def _path(tree: ast.Module, function: ast.AST) -> list[ast.AST]:
    """Returns the functions and classes around a function, and the function."""
    line = function.lineno  # type: ignore[attr-defined]
    found: list[ast.AST] = []
    body: list[ast.AST] = [tree]
    while body:
        node = body.pop()
        for child in ast.iter_child_nodes(node):
            start = getattr(child, "lineno", None)
            end = getattr(child, "end_lineno", None)
            if start is None or end is None or not start <= line <= end:
                decorators = getattr(child, "decorator_list", ())
                if not decorators or end is None or not decorators[0].lineno <= line <= end:
                    continue
            if child is function:
                return [*found, child]
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                found.append(child)
            body.append(child)
    return [*found, function]


def _object(interpreter: Interpreter, node: ast.ClassDef, frame: Frame) -> Value:
    """Returns an object of a class; its `__init__` is followed with arguments that are unknown."""
    cls = interpreter.expressions.definition(node, frame)
    value = interpreter.objects.empty(cls)
    found = interpreter.objects.member(cls, "__init__")
    if found is not None and found[0].kind is Kind.FUNCTION:
        init, init_frame = interpreter.functions[found[0].data[0]]
        inner = Frame(
            init_frame.module, {}, init_frame, "__init__", self_value=value, owner=found[1], depth=1
        )
        _bind(interpreter, init, inner, "")
        interpreter.statements.follow(init.body, inner)  # type: ignore[attr-defined]
    return value


def _entered(
    interpreter: Interpreter, node: ast.AST, frame: Frame, self_value: Value | None, mode: str
) -> Frame:
    """Follows a function around the model_fn, and returns the frame that it leaves."""
    inner = Frame(
        frame.module, {}, frame, getattr(node, "name", ""), self_value=self_value, depth=1
    )
    _bind(interpreter, node, inner, mode)
    interpreter.statements.follow(node.body, inner)  # type: ignore[attr-defined]
    return inner


def _bind(interpreter: Interpreter, function: ast.AST, frame: Frame, mode: str) -> None:
    """Binds the parameters of a function that nobody calls in the code."""
    values = interpreter.values
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    positional = [*arguments.posonlyargs, *arguments.args]
    is_method = (
        frame.self_value is not None
        and positional
        and positional[0].arg
        in (
            "self",
            "cls",
        )
    )
    for index, parameter in enumerate([*positional, *arguments.kwonlyargs]):
        name = parameter.arg
        if index == 0 and is_method and frame.self_value is not None:
            is_class = name == "cls"
            frame.names[name] = frame.self_value.args[0] if is_class else frame.self_value
        elif name == "mode" and mode:
            frame.names[name] = values.constant(mode)
        elif name in _INPUTS and mode:
            frame.names[name] = values.make(Kind.INPUT, data=_INPUTS[name])
        else:
            frame.names[name] = values.make(Kind.SETTING, data=name)
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            frame.names[extra.arg] = values.make(Kind.SETTING, data=extra.arg)


def optimizer(interpreter: Interpreter) -> str:
    """Returns the name of the one optimizer that was made; "" if there are none or several."""
    names = {
        value.name
        for value in interpreter.values.all()
        if value.kind is Kind.CALL and value.name.endswith("Optimizer")
    }
    inner = {name for name in names if "CrossShard" not in name}
    return f"tf.{inner.pop()}" if len(inner) == 1 else ""
