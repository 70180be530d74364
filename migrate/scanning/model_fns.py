"""Finds model_fns: functions that make an EstimatorSpec."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.findings import ModelFn
from migrate.scanning.scopes import all_arguments
from migrate.scanning.syntax import Function, SourceModule

SPECS = ("EstimatorSpec", "TPUEstimatorSpec", "create_estimator_spec")


def find(module: SourceModule) -> Iterator[ModelFn]:
    """Yields the model_fns of a module, in the order of the source."""
    owners = {owner for call in module.nodes(ast.Call) if (owner := _owner(module, call))}
    for node in sorted(filter(_is_model_fn, owners), key=lambda owner: owner.lineno):
        yield ModelFn(path=module.path, line=node.lineno, name=_qualified(module, node))


def _is_model_fn(node: Function) -> bool:
    """Tells model_fns from the functions that they call to make a spec, and from heads."""
    names = {argument.arg for argument in all_arguments(node.args)}
    return node.name not in SPECS and ("model_fn" in node.name or {"features", "mode"} <= names)


def _owner(module: SourceModule, call: ast.Call) -> Function | None:
    """Returns the function that makes a spec in this call, and may return it."""
    func = call.func
    last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if last not in SPECS:
        return None
    return module.function_of(call)


def _qualified(module: SourceModule, node: Function) -> str:
    around = [
        parent.name
        for parent in module.parents(node)
        if isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return ".".join([*reversed(around), node.name])
