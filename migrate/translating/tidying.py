"""Makes the statements of a flattened model_fn read as one would write them."""

import ast
from collections.abc import Mapping

from migrate.translating.expressions import dotted
from migrate.translating.source_reader.statements import Statement, loads, stores


def tidy(
    statements: list[Statement], returned: Mapping[str, Mapping[str, ast.expr]] | None = None
) -> None:
    """Removes assignments that only give another name: `x = features`, then `x = f(x)`.

    Args:
      statements: The statements, which are changed.
      returned: What each mode returns, which is changed, too.
    """
    specs = {} if returned is None else returned
    # A function reads its names when it is called, perhaps after they were assigned anew.
    captured = {
        name
        for statement in statements
        for one in ast.walk(statement.node)
        if isinstance(one, ast.Lambda | ast.FunctionDef)
        for name in loads(one)
    }
    index = 0
    while index < len(statements):
        node = statements[index].node
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Name)
            and node.targets[0].id not in captured
        ):
            old, new = node.targets[0].id, node.value.id
            later = statements[index + 1 :]
            if old == new:
                del statements[index]
                continue
            writes = [s for s in later if old in stores(s.node)]
            last = writes[0] if writes else None
            ends = last is not None and (
                isinstance(last.node, ast.Assign) and last.modes >= statements[index].modes
            )
            reading = later[: later.index(last)] if last is not None and ends else later
            # In another mode, the name may have another value.
            elsewhere = any(
                old in loads(s.node) and not s.modes <= statements[index].modes for s in reading
            )
            if last is None:
                elsewhere = elsewhere or any(
                    old in loads(one)
                    for mode, spec in specs.items()
                    for one in spec.values()
                    if mode not in statements[index].modes
                )
            if (
                (ends or last is None or isinstance(last.node, ast.For))
                and not elsewhere
                and not any(new in stores(s.node) for s in reading)
            ):
                for statement in later:
                    if isinstance(statement.node, ast.For) and statement is last:
                        break
                    _rename_reads(statement.node, old, new)
                    if statement is last:
                        break
                else:
                    last = None
                if last is None:
                    for spec in specs.values():
                        for value in spec.values():
                            _rename_reads(value, old, new)
                if last is None or not isinstance(last.node, ast.For):
                    later_comments = statements[index].comments
                    del statements[index]
                    if index < len(statements):
                        statements[index].comments[:0] = later_comments
                    continue
        index += 1


def open_dicts(statements: list[Statement], returned: list[ast.expr]) -> None:
    """Puts the values of a dict in the places where one of them is read: `predictions["ids"]`."""
    dicts: dict[str, dict[object, ast.expr]] = {}
    for statement in statements:
        node = statement.node
        written = stores(node) | _passed_on(node)
        for name in [n for n, values in dicts.items() if written & ({n} | _read(values))]:
            del dicts[name]
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Dict)
            and all(isinstance(key, ast.Constant) for key in node.value.keys)
        ):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            # A layer of a forward pass that is kept would be made a second time.
            makes = statement.is_model or statement.makes_variables
            dicts[node.targets[0].id] = {
                k.value: v
                for k, v in pairs
                if isinstance(k, ast.Constant)
                and not (makes and any(isinstance(one, ast.Call) for one in ast.walk(v)))
            }
        elif dicts:
            statement.node = _Opened(dicts).visit(node)
    for one in returned:
        _Opened(dicts).visit(one)


def _read(values: Mapping[object, ast.expr]) -> set[str]:
    return set().union(*(loads(value) for value in values.values()))


def _passed_on(node: ast.AST) -> set[str]:
    """Returns the names that are passed to functions which may change what they stand for."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    others = [one for one in calls if not dotted(one.func).startswith(("tf.", "tf1."))]
    given = [
        value for one in others for value in [*one.args, *(pair.value for pair in one.keywords)]
    ]
    return {one.id for one in given if isinstance(one, ast.Name)}


class _Opened(ast.NodeTransformer):
    def __init__(self, dicts: Mapping[str, Mapping[object, ast.expr]]) -> None:
        self.dicts = dicts

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            values = self.dicts.get(node.value.id, {})
            if isinstance(node.ctx, ast.Load) and node.slice.value in values:
                return values[node.slice.value]
        return node


def _rename_reads(node: ast.AST, old: str, new: str) -> None:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id == old:
            one.id = new
