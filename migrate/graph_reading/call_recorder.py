"""Records the calls in a user's source while a model_fn builds its graph.

For the time of a recording, the user's functions run a copy of their code in which each call, each
condition and each loop reports to the recorder. The copy computes the same: it calls the same
functions with the same arguments, on the same lines.
"""

import ast
import contextlib
import dataclasses
import functools
import inspect
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import package_files
from migrate.translating.facts import Span

_CALL, _TEST, _ITERATE = "__migrate_call__", "__migrate_test__", "__migrate_iterate__"
_VALUE = "__migrate_value__"
# They look at the frame that calls them.
_NOT_WRAPPED = {"super", "locals", "globals", "vars", "dir", "eval", "exec"}


class Record:
    """One execution of a call, with the objects of the run."""

    def __init__(
        self,
        span: Span | None,
        function: Any,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        iterations: tuple[tuple[Span, int], ...],
    ) -> None:
        self.span, self.function = span, function
        self.arguments, self.keywords = arguments, keywords
        self.iterations = iterations
        self.result: Any = None
        self.variables: list[Any] = []
        self.operations: tuple[int, int] = (0, 0)
        self.scope = ""
        self.arg_scope: dict[str, dict[str, Any]] = {}
        self.calls: list[Record] = []
        self.branches: dict[Span, list[bool]] = {}
        self.values: dict[Span, Any] = {}
        self.loops: dict[Span, int] = {}


class CallRecorder:
    """Records the calls of functions in the user's files.

    Attributes:
      root: The record whose calls are those that were made from outside of the user's source.
    """

    def __init__(self) -> None:
        self.root = Record(None, None, (), {}, ())
        self._stack = [self.root]
        self._files: dict[str, dict[tuple[str, int], list[types.CodeType]]] = {}

    @contextlib.contextmanager
    def recording(self, functions: Iterable[Callable[..., Any]]) -> Iterator[None]:
        """Records the calls of the functions, and of the others in the modules of the user's tree.

        Args:
          functions: The functions that are called from outside, such as the model_fn.
        """
        functions = list(functions)
        tree = _tree(functions)
        swapped: dict[types.FunctionType, types.CodeType] = {}
        modules = {}
        for function in _reachable(functions, tree):
            code = self._recorded_code(function)
            if code is not None and function not in swapped:
                swapped[function] = function.__code__
                modules[id(function.__globals__)] = function.__globals__
                function.__code__ = code
        for names in modules.values():
            names.update(self._reports())
        try:
            yield
        finally:
            for function, code in swapped.items():
                function.__code__ = code
            # Functions that were made meanwhile, such as the lambda of a generator, still report.
            for names in modules.values():
                names.update(_SILENT)

    def watched(self, model_fn: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a function that calls the model_fn, and makes its call the new `root`."""

        def watch(*arguments: Any, **keywords: Any) -> Any:
            self.root = Record(None, model_fn, arguments, keywords, ())
            self._stack = [self.root]
            self.root.result = model_fn(*arguments, **keywords)
            return self.root.result

        watch.__signature__ = inspect.signature(model_fn)  # type: ignore[attr-defined]
        return watch

    def _reports(self) -> dict[str, Callable[..., Any]]:
        return {
            _CALL: self._call,
            _TEST: self._test,
            _ITERATE: self._iterate,
            _VALUE: self._value,
        }

    def _recorded_code(self, function: types.FunctionType) -> types.CodeType | None:
        code = function.__code__
        if code.co_filename not in self._files:
            self._files[code.co_filename] = _codes(code.co_filename)
        found = self._files[code.co_filename].get((code.co_name, code.co_firstlineno), [])
        same = [one for one in found if one.co_freevars == code.co_freevars]
        return same[0] if len(same) == 1 else None

    def _call(self, span: Any, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        outer = self._stack[-1]
        record = Record(Span(*span), function, arguments, keywords, tuple(outer.loops.items()))
        outer.calls.append(record)
        before, first = _variables(), tf1.get_default_graph().version
        record.scope = tf1.get_variable_scope().name
        record.arg_scope = _arg_scope()
        self._stack.append(record)
        try:
            record.result = function(*arguments, **keywords)
        finally:
            self._stack.pop()
        known = {id(variable) for variable in before}
        record.variables = [v for v in _variables() if id(v) not in known]
        record.operations = (first, tf1.get_default_graph().version)
        return record.result

    def _test(self, span: Any, value: Any) -> Any:
        # A tensor has no truth value here: the program raises, as without the recorder.
        self._stack[-1].branches.setdefault(Span(*span), []).append(bool(value))
        return value

    def _value(self, span: Any, value: Any) -> Any:
        self._stack[-1].values[Span(*span)] = value
        return value

    def _iterate(self, place: Any, values: Iterable[Any]) -> Iterator[Any]:
        record, span = self._stack[-1], Span(*place)
        seen: list[Any] = []
        record.values[span] = seen
        try:
            for index, value in enumerate(values):
                record.loops[span] = index
                seen.append(value)
                yield value
        finally:
            record.loops.pop(span, None)


# What the reports do when nothing is recorded.
_SILENT: dict[str, Callable[..., Any]] = {
    _CALL: lambda _, function, /, *arguments, **keywords: function(*arguments, **keywords),
    _TEST: lambda _, value: value,
    _ITERATE: lambda _, values: values,
    _VALUE: lambda _, value: value,
}


def _arg_scope() -> dict[str, dict[str, Any]]:
    """Returns the arguments that tf-slim's `arg_scope` sets now, by the keys of functions."""
    slim: Any = sys.modules.get("tf_slim.ops.arg_scope")
    return dict(slim.current_arg_scope()) if slim is not None else {}


def _variables() -> list[Any]:
    return tf1.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES) if tf1.get_default_graph() else []


@dataclasses.dataclass(frozen=True, slots=True)
class _Tree:
    """The files whose calls are recorded.

    Attributes:
      package: The folder of the installed package that the model_fn is in; "" for a file of the
        user's, whose tree are all files that are neither installed nor ours.
    """

    package: str

    def __contains__(self, path: str) -> bool:
        if not path.endswith(".py") or package_files.is_framework(path):
            return False
        if package_files.is_ours(path):
            return package_files.is_example(path)
        if package_files.is_installed(path):
            return bool(self.package) and path.startswith(self.package)
        return True


def _tree(functions: Iterable[Callable[..., Any]]) -> _Tree:
    for one in functions:
        function, path = _without_partial(one), _path(one)
        if package_files.is_installed(path):
            top = sys.modules[function.__module__.partition(".")[0]]
            return _Tree(os.path.join(os.path.dirname(top.__file__ or path), ""))
    return _Tree("")


def _without_partial(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _path(function: Any) -> str:
    function = _without_partial(function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code.co_filename if code is not None else ""


def _reachable(
    functions: Iterable[Callable[..., Any]], tree: _Tree
) -> Iterator[types.FunctionType]:
    """Yields the Python functions behind callables, and those that their modules define."""
    seen: set[int] = set()
    waiting: list[Any] = list(functions)
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, functools.partial):
            waiting.append(one.func)
        elif isinstance(one, types.MethodType):
            waiting += [one.__func__, type(one.__self__)]
        elif isinstance(one, staticmethod | classmethod):
            waiting.append(one.__func__)
        elif isinstance(one, property):
            waiting += [f for f in (one.fget, one.fset) if f is not None]
        elif isinstance(one, types.FunctionType):
            if one.__code__.co_filename not in tree:
                continue
            yield one
            waiting += [c.cell_contents for c in one.__closure__ or () if _is_filled(c)]
            waiting += one.__globals__.values()
            if hasattr(one, "__wrapped__"):
                waiting.append(one.__wrapped__)
        elif isinstance(one, type):
            members = list(vars(one).values())
            if any(_path(each) in tree for each in members if _path(each)):
                waiting += members
        elif isinstance(one, types.ModuleType) and (getattr(one, "__file__", None) or "") in tree:
            waiting += vars(one).values()


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _codes(path: str) -> dict[tuple[str, int], list[types.CodeType]]:
    """Compiles a file with the reports in it; returns all code objects by name and first line."""
    tree = ast.parse(Path(path).read_bytes(), filename=path)
    tree = ast.fix_missing_locations(_Reports(path).visit(tree))
    codes: dict[tuple[str, int], list[types.CodeType]] = {}
    waiting = [compile(tree, path, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        codes.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        waiting += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return codes


class _Reports(ast.NodeTransformer):
    """Puts the reports into a module's code."""

    def __init__(self, path: str) -> None:
        self.path = path

    def _report(self, name: str, node: Any, *rest: Any) -> ast.Call:
        span = (self.path, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        values: list[ast.expr] = [ast.Constant(value=value) for value in span]
        place = ast.Tuple(elts=values, ctx=ast.Load())
        call = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[place, *rest], keywords=[])
        return ast.copy_location(call, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _NOT_WRAPPED:
            return node
        report = self._report(_CALL, node, node.func, *node.args)
        report.keywords = node.keywords
        return report

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        node.value = self._report(_VALUE, node.value, node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.AST]:
        """Reports what `x -= y` makes of the name."""
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        made = ast.copy_location(ast.Name(id=node.target.id, ctx=ast.Load()), node)
        report = ast.Expr(value=self._report(_VALUE, node, made))
        return [node, ast.copy_location(report, node)]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._report(_VALUE, node, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self._report(_VALUE, node, node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        return self._report(_VALUE, node, node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return self._report(_VALUE, node, node) if isinstance(node.ctx, ast.Load) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = self._report(_VALUE, node.value, node.value)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.test = self._report(_TEST, node.test, node.test)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = self._report(_TEST, node.test, node.test)
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """Reports each run of a `try`, and of the handlers that end it."""
        self.generic_visit(node)
        parts: list[tuple[ast.Try | ast.ExceptHandler, bool]] = [(node, False)]
        for one, ended in [*parts, *((handler, True) for handler in node.handlers)]:
            report = ast.Expr(value=self._report(_TEST, one, ast.Constant(value=ended)))
            one.body.insert(0, ast.copy_location(report, one.body[0]))
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = self._report(_ITERATE, node.iter, node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = self._report(_ITERATE, node.iter, node.iter)
        return node
