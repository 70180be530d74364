"""The `metric_fn` of a TPUEstimatorSpec, put in the place where its metrics are needed."""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.source_reader.frames import Frame, is_simple
from migrate.translating.source_reader.statements import Statement, stores

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening

_POSITION = 4  # of `eval_metrics` among the arguments of a TPUEstimatorSpec


def put_in_place(
    flattening: "Flattening",
    frame: Frame,
    statements: list[Statement],
    returned: dict[str, ast.expr],
) -> None:
    """Writes `eval_metrics=(metric_fn, arguments)` as `eval_metric_ops`, a dict.

    Args:
      flattening: Flattens the model_fn.
      frame: The model_fn.
      statements: Its statements; those of the function are added.
      returned: What it returns; the spec of EVAL is changed.
    """
    spec = _resolved(returned.get(ModeKeys.EVAL), statements)
    if not isinstance(spec, ast.Call):
        return
    if not ast.unparse(spec.func).endswith("TPUEstimatorSpec"):
        return
    keyword = next((one for one in spec.keywords if one.arg == "eval_metrics"), None)
    value = keyword.value if keyword else None
    if value is None and len(spec.args) > _POSITION:
        value = spec.args[_POSITION]
    value = _resolved(value, statements)
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
        return
    function = _function(value.elts[0], frame)
    arguments = _arguments(_resolved(value.elts[1], statements), function)
    if function is None or arguments is None:
        return
    names = _names(flattening, function, arguments)
    eval_mode = frozenset((ModeKeys.EVAL,))
    for name, argument in arguments.items():
        if not isinstance(names[name], ast.expr):
            to = ast.Name(id=str(names[name]), ctx=ast.Store())
            made = ast.Assign(targets=[to], value=argument, lineno=function.lineno)
            statements.append(Statement(made, eval_mode))
    inner = Frame(
        frame.file,
        {ModeKeys.EVAL: frame.calls[ModeKeys.EVAL]},
        names,
        dict(frame.functions),
        owner=frame.owner,
    )
    made_statements, ends = flattening.body(function.body, inner, eval_mode)
    statements += made_statements
    metrics = ends.get(ModeKeys.EVAL)
    if metrics is None:
        return
    new = ast.Call(
        func=spec.func,
        args=spec.args[:_POSITION],
        keywords=[one for one in spec.keywords if one.arg != "eval_metrics"]
        + [ast.keyword(arg="eval_metric_ops", value=metrics)],
    )
    returned[ModeKeys.EVAL] = ast.copy_location(new, spec)


def _resolved(node: ast.expr | None, statements: list[Statement]) -> ast.expr | None:
    """Returns what a name was last assigned in EVAL."""
    for _ in range(10):
        if not isinstance(node, ast.Name):
            break
        found = None
        for statement in statements:
            one = statement.node
            if (
                ModeKeys.EVAL in statement.modes
                and isinstance(one, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets)
            ):
                found = one.value
        if found is None:
            break
        node = found
    return node


def _function(node: ast.expr, frame: Frame) -> ast.FunctionDef | None:
    if not isinstance(node, ast.Name):
        return None
    if node.id in frame.functions:
        return frame.functions[node.id]
    for one in frame.file.tree.body:
        if isinstance(one, ast.FunctionDef) and one.name == node.id:
            return one
    return None


def _arguments(
    node: ast.expr | None, function: ast.FunctionDef | None
) -> dict[str, ast.expr] | None:
    if function is None:
        return None
    names = [one.arg for one in function.args.args]
    if isinstance(node, ast.List | ast.Tuple):
        found = dict(zip(names, node.elts, strict=False))
        if function.args.vararg is not None:
            rest = ast.Tuple(elts=node.elts[len(names) :], ctx=ast.Load())
            found[function.args.vararg.arg] = rest
        return found
    if isinstance(node, ast.Dict):
        keys = [getattr(key, "value", None) for key in node.keys]
        if all(isinstance(key, str) for key in keys):
            return dict(zip(map(str, keys), node.values, strict=True))
    return None


def _names(
    flattening: "Flattening", function: ast.FunctionDef, arguments: Mapping[str, ast.expr]
) -> dict[str, str | ast.expr]:
    """Returns what the names of the function are called in the model_fn."""
    written = set().union(*(stores(one) for one in function.body), set())
    names: dict[str, str | ast.expr] = {}
    for name, value in arguments.items():
        simple = is_simple(value) and name not in written
        names[name] = value if simple else _new(flattening, name)
    for name in sorted(written - set(arguments)):
        names[name] = _new(flattening, name)
    return names


def _new(flattening: "Flattening", name: str) -> str:
    new = name
    while new in flattening.used:
        new = f"metric_{new}" if new == name else f"{new}_"
    flattening.used.add(new)
    return new
