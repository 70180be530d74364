"""Calls of a `tf.distribute` strategy, known by its name or by the call that made it."""

import ast
import re

from migrate.scanning.syntax import Function, SourceModule

_OF_STRATEGIES = re.compile(r"tensorflow\.(?:compat\.v\d\.|contrib\.)?distribute\.")
_RUNS = frozenset({"run", "experimental_run_v2", "experimental_run"})


def function_of_run(call: ast.Call, module: SourceModule) -> Function | None:
    """Returns the function of the module that a call gives to `strategy.run`; None for others."""
    if not is_run(call, module) or not call.args:
        return None
    value = module.value_of(call.args[0])
    if isinstance(value, ast.Call) and value.args and _is_partial(value, module):
        value = module.value_of(value.args[0])
    return value if isinstance(value, Function) else None


def _is_partial(call: ast.Call, module: SourceModule) -> bool:
    return module.symbol(call.func) == "functools.partial"


def is_run(call: ast.Call, module: SourceModule) -> bool:
    """Tells whether a call is `strategy.run(...)`."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in _RUNS:
        return False
    return _is_strategy(func.value, module)


def is_in_scope(call: ast.Call, module: SourceModule) -> bool:
    """Tells whether a call is in `with strategy.scope():`, and not an argument of `compile`.

    Args:
      call: A call of the module.
      module: The module.
    """
    for parent in module.parents(call):
        if isinstance(parent, ast.Call):
            func = parent.func
            if isinstance(func, ast.Attribute) and func.attr == "compile":
                return False
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(parent, ast.With) and any(_is_scope(each, module) for each in parent.items):
            return True
    return False


def _is_scope(item: ast.withitem, module: SourceModule) -> bool:
    func = getattr(item.context_expr, "func", None)
    if not isinstance(func, ast.Attribute) or func.attr != "scope":
        return False
    return _is_strategy(func.value, module)


def _is_strategy(node: ast.expr, module: SourceModule) -> bool:
    if "strategy" in ast.unparse(node).lower():
        return True
    made = module.value_of(node)
    if not isinstance(made, ast.Call):
        return False
    name = module.symbol(made.func)
    return _OF_STRATEGIES.match(name) is not None and "strategy" in name.lower()
