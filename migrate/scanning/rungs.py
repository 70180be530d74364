"""The rungs that a model_fn can reach, as far as its source says it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from estimator_compat.api import coverage
from migrate.findings import ModelFn, Rung, Rungs
from migrate.mappings import optimizers, symbols
from migrate.scanning.syntax import Function, SourceModule, api_name, argument

YES, NO, UNKNOWN = "yes", "no", "unknown"
_KINDS_HERE = (coverage.Kind.HERE, coverage.Kind.DIFFERENT)
# Functions that call Python from inside a step.
_PYTHON_OPS = frozenset({"py_func", "py_function", "numpy_function", "compat.v1.py_func"})
_MUTABLE_TABLES = ("MutableHashTable", "MutableDenseHashTable", "DenseHashTable")
_PRIVATE = "tensorflow.python"
_CONDITIONAL = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.While,
    ast.Try,
    ast.ExceptHandler,
    ast.FunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.BoolOp,
)


def find(module: SourceModule, node: Function, model_fn: ModelFn) -> Rungs:
    """Returns the rungs of a model_fn.

    Args:
      module: Its module.
      node: Its `def`.
      model_fn: What else is known of it.
    """
    run = _run(module, node)
    host = _host(module, node, model_fn, run) if run.status != NO else _after(run)
    own = _own(model_fn) if run.status != NO else _after(run)
    return Rungs(run=run, host=host, own=own)


def _after(rung: Rung) -> Rung:
    """Returns the rung above one that cannot be reached."""
    return Rung(status=NO, because=rung.because)


def _run(module: SourceModule, node: Function) -> Rung:
    """Returns whether all symbols of the file are there; an import alone stops no program."""
    doubt = ""
    for reference in module.references:
        if module.is_for_other_versions(reference.node) or not reference.symbols:
            continue
        symbol, line = reference.symbols[0], reference.node.lineno
        if symbol.startswith(_PRIVATE):
            doubt = doubt or f"line {line}: `{symbol}` is private to TensorFlow"
        if isinstance(reference.node, ast.alias):
            continue
        why = _absence(symbol)
        if why and len(reference.symbols) == 1 and _is_always_run(module, reference.node, node):
            return Rung(status=NO, because=f"line {line}: {why}")
        doubt = f"line {line}: {why}" if why else doubt
    return Rung(status=UNKNOWN, because=doubt) if doubt else Rung(status=YES, because="")


def _is_always_run(module: SourceModule, node: ast.AST, function: Function) -> bool:
    """Returns whether each call of a function comes to a node."""
    for parent in module.parents(node):
        if parent is function:
            return True
        if isinstance(parent, _CONDITIONAL):
            return False
    return False


def _absence(symbol: str) -> str:
    """Says why a symbol is not there under the facade; "" if it is, or is not TensorFlow's."""
    if not symbol.startswith("tensorflow.") or symbol.startswith(_PRIVATE):
        return ""
    missing = symbols.find(symbol.removeprefix("tensorflow."))
    if missing is None or missing.in_v1 != symbols.NOWHERE or missing.since == symbols.NEVER:
        return ""
    if missing.where != symbols.EVERYWHERE or symbol.startswith("tensorflow.compat.v1."):
        return ""
    name = api_name(symbol)
    if name in ("estimator", "contrib") or not name:
        return ""
    status = coverage.status(name)
    if status.kind in _KINDS_HERE:
        return ""
    if status.kind is coverage.Kind.NEVER:
        instead = f": {status.remark}" if status.remark else ""
        return f"neither `estimator_compat` nor its facade will have `{symbol}`{instead}"
    return f"neither `estimator_compat` nor its facade has `{symbol}` yet"


def _host(module: SourceModule, node: Function, model_fn: ModelFn, run: Rung) -> Rung:
    inside = {id(each) for each in ast.walk(node)}
    for call, name in module.calls:
        if id(call) not in inside:
            if name in _PYTHON_OPS:
                because = f"line {call.lineno}: `tf.{name}` cannot be called in a training step"
                return Rung(status=UNKNOWN, because=because)
            continue
        if name.endswith("train.Scaffold") and argument(call, "init_fn") is not None:
            because = f"line {call.lineno}: the Scaffold's `init_fn` needs a session"
            return Rung(status=UNKNOWN, because=because)
        if name in _PYTHON_OPS:
            because = f"line {call.lineno}: `tf.{name}` cannot be called in a training step"
            return Rung(status=UNKNOWN, because=because)
        if name.endswith(_MUTABLE_TABLES):
            because = f"line {call.lineno}: no checkpoint of a loop has a table that steps fill"
            return Rung(status=UNKNOWN, because=because)
    if run.status != YES:
        return run
    if model_fn.train is None:
        return Rung(status=UNKNOWN, because="no loss of TRAIN was read: " + model_fn.because)
    uncounted = next(_uncounted(node), None)
    if uncounted is not None:
        because = f"line {uncounted.lineno}: `minimize` is not given the global step"
        return Rung(status=UNKNOWN, because=because)
    return Rung(status=YES, because="")


def _uncounted(node: Function) -> Iterator[ast.Call]:
    """Yields calls of `minimize` without a global step, if nothing else counts the steps."""
    counting = ("assign_add", "get_or_create_global_step", "create_global_step")
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    if names & {*counting}:
        return
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            given = argument(each, "global_step", 1)
            if each.func.attr == "minimize" and given is None:
                yield each


def _own(model_fn: ModelFn) -> Rung:
    last = model_fn.optimizer.rpartition(".")[2].removesuffix("Optimizer")
    known = {row.name for row in optimizers.ROWS}
    if last and model_fn.optimizer.startswith("tf.train.") and last not in known:
        return Rung(status=NO, because=f"`{model_fn.optimizer}` is not translated")
    if model_fn.train is None:
        return Rung(status=UNKNOWN, because="no loss of TRAIN was read: " + model_fn.because)
    if model_fn.train.stopped_by:
        return Rung(status=UNKNOWN, because=f"the loss has {model_fn.train.stopped_by[0]}")
    return Rung(status=UNKNOWN, because="`migrate translate` needs a run to tell")
