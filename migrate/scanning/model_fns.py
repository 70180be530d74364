"""Finds model_fns: functions that make an EstimatorSpec."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator

from migrate.findings import ModelFn
from migrate.ledger_reading.tree import Tree, TreeModule
from migrate.scanning.scopes import all_arguments
from migrate.scanning.syntax import Function, SourceModule

SPECS = ("EstimatorSpec", "TPUEstimatorSpec", "create_estimator_spec")
_MODE = re.compile(r"mode\b")


def may_be_in(text: str) -> bool:
    """Tells whether a module with this text may have model_fns."""
    has_arguments = "features" in text and "labels" in text and _MODE.search(text)
    return bool(has_arguments) or any(spec in text for spec in SPECS)


def find(module: SourceModule, tree: Tree, file: str) -> Iterator[ModelFn]:
    """Yields the model_fns of a module, in the order of the source.

    Args:
      module: The module.
      tree: The modules that the code of a model_fn may lead to.
      file: The absolute path of the module's file; "" if it has none.
    """
    owners = {owner for call in module.nodes(ast.Call) if (owner := _owner(module, call))}
    found = {node for node in owners if _is_model_fn(node)}
    # Others hand on the spec that another function makes.
    found |= {node for node in module.nodes(ast.FunctionDef) if _hands_on(node)}
    nodes = sorted(found, key=lambda node: node.lineno)
    if not nodes:
        return
    # The values of a ledger, and the tables of the facade, take longer to import than a small scan.
    from migrate.ledger_reading import reader
    from migrate.scanning import rungs

    parsed = TreeModule(file, module.path, module.tree)
    if file:
        tree.add(parsed)
    for node in nodes:
        read = reader.read(node, parsed, tree)
        if node not in owners and read.train is None and read.eval is None:
            continue  # it only has the arguments of a model_fn, or calls one that is not known
        model_fn = ModelFn(
            path=module.path,
            line=node.lineno,
            name=_qualified(module, node),
            train=read.train,
            eval=read.eval,
            because=read.because,
            optimizer=read.optimizer,
        )
        yield dataclasses.replace(model_fn, rungs=rungs.find(module, node, model_fn))


def _is_model_fn(node: Function) -> bool:
    """Tells model_fns from the functions that they call to make a spec, and from heads."""
    names = {argument.arg for argument in all_arguments(node.args)}
    return node.name not in SPECS and ("model_fn" in node.name or {"features", "mode"} <= names)


def _hands_on(node: Function) -> bool:
    """Tells whether a function is called as a model_fn, whoever makes its spec."""
    names = {argument.arg for argument in all_arguments(node.args)}
    return node.name not in SPECS and {"features", "labels", "mode"} <= names


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
