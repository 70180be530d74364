"""Loops over the variables of a graph that add something up, as sums of comprehensions."""

import ast

from migrate.translating.expressions import calls_of, parse
from migrate.translating.facts import TensorFact
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import loads


def as_sums(flat: Flattened) -> None:
    """Writes `for v in variables: total += f(v)` as `total += tf.add_n([f(v) for v in variables])`.

    Args:
      flat: The flattened model_fn, whose statements are changed.
    """
    for statement in flat.statements:
        node = statement.node
        if isinstance(node, ast.For) and not node.orelse and _iterates_over_variables(node, flat):
            made = _sum(node)
            if made is not None:
                statement.node = ast.copy_location(made, node)


def _iterates_over_variables(node: ast.For, flat: Flattened) -> bool:
    results = [call.result for call in calls_of(node.iter, flat.facts)]
    return bool(results) and all(
        isinstance(result, list | tuple)
        and result
        and all(isinstance(one, TensorFact) and ":" not in one.name for one in result)
        for result in results
    )


def _sum(node: ast.For) -> ast.stmt | None:
    """Returns the sum; None if the loop does something else."""
    body, tests = list(node.body), list[ast.expr]()
    while True:
        first = body[0]
        if not isinstance(first, ast.If) or first.orelse:
            break
        if len(body) == 1:
            body = list(first.body)
            tests.append(first.test)
        elif len(first.body) == 1 and isinstance(first.body[0], ast.Continue):
            body = body[1:]
            tests.append(ast.UnaryOp(op=ast.Not(), operand=first.test))
        else:
            return None
    if len(body) != 1 or not isinstance(node.target, ast.Name):
        return None
    target, value = _added(body[0])
    if target is None or value is None or target.id in loads(value):
        return None
    part = ast.comprehension(target=node.target, iter=node.iter, ifs=tests, is_async=0)
    listed: ast.expr = ast.ListComp(elt=value, generators=[part])
    if isinstance(body[0], ast.AugAssign | ast.Assign):
        listed = ast.Call(func=parse("tf.add_n"), args=[listed], keywords=[])
    target = ast.Name(id=target.id, ctx=ast.Store())
    return ast.AugAssign(target=target, op=ast.Add(), value=listed)


def _added(node: ast.stmt) -> tuple[ast.Name | None, ast.expr | None]:
    """Returns the name to which a statement adds, and what: a number, or an item of a list."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return (node.target, node.value) if isinstance(node.target, ast.Name) else (None, None)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        [target, *_], value = node.targets, node.value
        is_sum = isinstance(value.op, ast.Add) and ast.unparse(value.left) == ast.unparse(target)
        return (target, value.right) if is_sum and isinstance(target, ast.Name) else (None, None)
    call = node.value if isinstance(node, ast.Expr) else None
    func = call.func if isinstance(call, ast.Call) else None
    if isinstance(call, ast.Call) and isinstance(func, ast.Attribute) and func.attr == "append":
        return (func.value, call.args[0]) if isinstance(func.value, ast.Name) else (None, None)
    return None, None
