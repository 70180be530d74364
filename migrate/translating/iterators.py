"""One-shot iterators of input functions: TF2 returns the dataset itself."""

import ast
import textwrap
from collections.abc import Sequence

MAKERS = ("make_one_shot_iterator", "make_initializable_iterator")


def without_iterator(function: ast.FunctionDef) -> tuple[ast.stmt, ast.stmt, str] | None:
    """Rewrites the end of an input function that gets the elements of an iterator.

    Returns:
      The first and the last statement that go, and the source that stands there instead; None if
      the function does not end with `iterator = dataset.make_one_shot_iterator()`, elements that
      `iterator.get_next()` returns, and a `return`.
    """
    body = function.body
    last = body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    for index, node in enumerate(body):
        found = _elements(body[index:])
        if found is not None:
            dataset, elements, rest = found
            return node, last, _source(dataset, elements, rest, last.value)
    return None


def _elements(
    body: Sequence[ast.stmt],
) -> tuple[ast.expr, ast.expr | None, Sequence[ast.stmt]] | None:
    """Returns the dataset, what its elements are assigned to, and the statements after that."""
    first = body[0]
    value = getattr(first, "value", None)
    dataset = _made(_got(value))
    if dataset is not None:  # in one expression
        if isinstance(first, ast.Return):
            return dataset, None, []
        if isinstance(first, ast.Assign) and len(first.targets) == 1:
            return dataset, first.targets[0], body[1:-1]
        return None
    dataset = _made(value)
    if dataset is None or not isinstance(first, ast.Assign) or len(body) < 2:
        return None
    iterator, second = ast.unparse(first.targets[0]), body[1]
    got = _got(getattr(second, "value", None))
    if got is None or ast.unparse(got) != iterator:
        return None
    if any(
        isinstance(one, ast.Name) and one.id == iterator
        for node in body[2:]
        for one in ast.walk(node)
    ):
        return None
    if isinstance(second, ast.Return):
        return dataset, None, []
    if isinstance(second, ast.Assign) and len(second.targets) == 1:
        return dataset, second.targets[0], body[2:-1]
    return None


def _got(node: ast.AST | None) -> ast.expr | None:
    """Returns the iterator of `iterator.get_next()`."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get_next"
    ):
        return node.func.value
    return None


def _made(node: ast.AST | None) -> ast.expr | None:
    """Returns the dataset of `dataset.make_one_shot_iterator()`, also in `tf.data`'s spelling."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr not in MAKERS:
        return None
    return node.args[0] if node.args else node.func.value


def _source(
    dataset: ast.expr, elements: ast.expr | None, rest: Sequence[ast.stmt], returned: ast.expr
) -> str:
    made = ast.unparse(dataset)
    names = elements.elts if isinstance(elements, ast.Tuple | ast.List) else [elements]
    same = elements is not None and ast.unparse(elements) == ast.unparse(returned)
    if elements is None or (same and not rest):
        return f"return {made}"
    body = "\n".join([*(ast.unparse(one) for one in rest), f"return {ast.unparse(returned)}"])
    if isinstance(elements, ast.Name):
        # A dataset of tuples passes their parts one by one.
        begin = f"{elements.id} = parts if len(parts) > 1 else parts[0]\n"
        head = "def batch_of(*parts):\n"
        return f"{head}{textwrap.indent(begin + body, '    ')}\n\nreturn {made}.map(batch_of)"
    parameters = [f"part_{number}" for number in range(len(names))]
    begin = ""
    for number, one in enumerate(names):
        assert one is not None
        if isinstance(one, ast.Name):
            parameters[number] = one.id
        else:
            begin += f"{ast.unparse(one)} = {parameters[number]}\n"
    head = f"def batch_of({', '.join(parameters)}):\n"
    return f"{head}{textwrap.indent(begin + body, '    ')}\n\nreturn {made}.map(batch_of)"
