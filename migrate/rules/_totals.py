"""Totals of loops that are divided by the number of rounds."""

import ast
from collections import defaultdict

from migrate.scanning.batches import Loop
from migrate.scanning.syntax import Function, SourceModule

_Total = tuple[Function | None, str]


class Totals:
    """What the totals of one module are divided by."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module
        self._counts: dict[Loop, set[str]] = {}
        self._divisors: defaultdict[_Total, set[str]] = defaultdict(set)
        divisions: list[tuple[ast.AST, ast.operator, ast.expr, ast.expr]] = [
            (each, each.op, each.left, each.right) for each in module.nodes(ast.BinOp)
        ]
        divisions += [
            (each, each.op, each.target, each.value) for each in module.nodes(ast.AugAssign)
        ]
        for each, op, total, by in divisions:
            if isinstance(op, ast.Div) and isinstance(total, ast.Name | ast.Attribute):
                key = module.function_of(each), ast.unparse(total)
                self._divisors[key] |= {_number(by), _number(module.value_of(by))}

    def is_divided_by_rounds(self, node: ast.stmt, target: ast.expr, loop: Loop) -> bool:
        """Tells whether a total is divided by what its loop counts, or by the number of batches.

        Args:
          node: The statement that adds to the total.
          target: The total.
          loop: The loop around the statement.
        """
        divisors = self._divisors.get((self._module.function_of(node), ast.unparse(target)))
        if not divisors:
            return False
        if loop not in self._counts:
            self._counts[loop] = _counts(loop)
        return not self._counts[loop].isdisjoint(divisors)


def _counts(loop: Loop) -> set[str]:
    """Returns the expressions that are the number of times that a loop ran."""
    counts = {
        ast.unparse(each.target)
        for each in loop.body
        if isinstance(each, ast.AugAssign)
        and isinstance(each.value, ast.Constant)
        and each.value.value == 1
    }
    if isinstance(loop, ast.While):
        return counts
    over = loop.iter
    counts.add(f"len({ast.unparse(over)})")
    name = ast.unparse(over.func) if isinstance(over, ast.Call) else ""
    if isinstance(over, ast.Call) and name == "enumerate" and over.args:
        counts.add(f"len({ast.unparse(over.args[0])})")
        if isinstance(loop.target, ast.Tuple):
            number = ast.unparse(loop.target.elts[0])
            counts.add(number if len(over.args) + len(over.keywords) > 1 else f"{number} + 1")
    elif isinstance(over, ast.Call) and name in ("range", "tf.range", "trange") and over.args:
        counts.add(ast.unparse(over.args[0]))
        if isinstance(loop.target, ast.Name) and len(over.args) == 1:
            counts.add(f"{loop.target.id} + 1")
    return counts


def _number(node: ast.AST) -> str:
    """Returns a number as it is written, without `float(...)` or `tf.cast(..., dtype)`."""
    while isinstance(node, ast.Call) and node.args and ast.unparse(node.func) != "len":
        node = node.args[0]
    return ast.unparse(node)
