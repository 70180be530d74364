"""What the rounds of a loop are over: batches of data or other things, and whether all are whole.

A loop over batches computes the same loss of other data in each round. A loop over models, crops,
time steps or tasks does not. Where that is not certain, a loop is not one over batches.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.scanning.syntax import SourceModule

Loop = ast.For | ast.While
_BATCHES = frozenset({"batch", "padded_batch"})
# What hands on the elements of its first argument.
_HANDS_ON = frozenset({"enumerate", "experimental_distribute_dataset", "iter", "next", "tqdm"})
_PREDICTS = frozenset({"predict", "predict_on_batch"})
_DEEPEST = 6


def loop_around(node: ast.AST, module: SourceModule) -> Loop | None:
    """Returns the innermost loop around a node, in the same function; None without one."""
    for parent in module.parents(node):
        if isinstance(parent, ast.For | ast.While):
            return parent
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return None
    return None


def is_of_each_batch(call: ast.Call, around: ast.AST, module: SourceModule) -> bool:
    """Tells whether a call in a loop or comprehension is given other data in each round.

    Args:
      call: The call of a loss, or of `session.run`, which is then asked for what it feeds.
      around: The loop or comprehension.
      module: The module.
    """
    bound = _bound_in(around)
    data = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "run":
        feeds = [each for each in data if isinstance(module.value_of(each), ast.Dict)]
        return any(_reads(module.value_of(each), bound, around, module) for each in feeds)
    if _calls_bound(call, bound, around, module):
        return False
    if any(_is_part(each, bound, around, module) for each in _expanded(call, around, module)):
        return False
    given = [each for each in data if not _is_the_same(each, module)]
    return bool(given) and all(_reads(each, bound, around, module) for each in given)


def _bound_in(around: ast.AST) -> set[str]:
    """Returns the names that each round of a loop binds anew."""
    return {
        each.id
        for each in ast.walk(around)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def _expanded(node: ast.AST, around: ast.AST, module: SourceModule) -> Iterator[ast.AST]:
    """Yields the nodes of an expression, and of what the round has assigned to names in it."""
    waiting, seen = [(node, 0)], set()
    while waiting:
        top, depth = waiting.pop()
        for each in ast.walk(top):
            yield each
            if not isinstance(each, ast.Name) or each.id in seen or depth > _DEEPEST:
                continue
            binding = module.binding(each)
            value = binding.value if binding is not None else None
            if isinstance(value, ast.expr) and _is_inside(value, around, module):
                seen.add(each.id)
                waiting.append((value, depth + 1))


def _is_inside(node: ast.AST, around: ast.AST, module: SourceModule) -> bool:
    return any(parent is around for parent in module.parents(node))


def _reads(node: ast.AST, bound: set[str], around: ast.AST, module: SourceModule) -> bool:
    """Tells whether an expression reads a name that the round binds, but for what it calls."""
    return any(
        isinstance(each, ast.Name) and each.id in bound and not _is_called(each, module)
        for each in _expanded(node, around, module)
    )


def _is_called(name: ast.Name, module: SourceModule) -> bool:
    parent = next(module.parents(name), None)
    return isinstance(parent, ast.Call) and parent.func is name


def _calls_bound(call: ast.Call, bound: set[str], around: ast.AST, module: SourceModule) -> bool:
    """Tells whether what the round computes is of another model each time: `for m in models`."""
    for each in _expanded(call, around, module):
        if isinstance(each, ast.Call):
            func = each.func
            if isinstance(func, ast.Attribute) and func.attr in _PREDICTS:
                func = func.value
            if isinstance(func, ast.Name) and func.id in bound:
                return True
    return False


def _is_the_same(node: ast.expr, module: SourceModule) -> bool:
    """Tells whether an argument is no data: a constant, or a model that the code calls."""
    if isinstance(node, ast.Constant):
        return True
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    written = ast.unparse(node)
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    return "model" in name.lower() or any(
        ast.unparse(each.func) == written for each in module.nodes(ast.Call)
    )


def _is_part(node: ast.AST, bound: set[str], around: ast.AST, module: SourceModule) -> bool:
    """Tells whether a node is a part of what all rounds share: `y[:, t]`, or `y[task]`."""
    if not isinstance(node, ast.Subscript) or _reads(node.value, bound, around, module):
        return False
    index = node.slice
    if isinstance(index, ast.Tuple):
        first = index.elts[0]
        is_all = isinstance(first, ast.Slice) and first.lower is first.upper is None
        return is_all and any(_reads(each, bound, around, module) for each in index.elts[1:])
    target = getattr(around, "target", None)
    return isinstance(index, ast.Name) and isinstance(target, ast.Name) and target.id == index.id


def are_whole(node: ast.AST, module: SourceModule) -> bool:
    """Tells whether all batches that a node sees certainly have the same number of examples.

    They do where the dataset drops a short batch or repeats its examples without end before it
    batches them, and where the rounds are a quotient of whole numbers.

    Args:
      node: What is in a loop over batches, or in a function that such a loop calls; or a
        comprehension over batches.
      module: The module.
    """
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return _is_whole(node.generators[0].iter, module, 0)
    loops = _loops(node, module)
    if not loops:
        return _all_are_whole(module)
    return all(_is_over_whole(loop, module) for loop in loops)


def _loops(node: ast.AST, module: SourceModule) -> list[Loop]:
    """Returns the loop around a node, or else those that call the function that it is in."""
    loop = loop_around(node, module)
    if loop is not None:
        return [loop]
    function = module.function_of(node)
    if function is None:
        return []
    calls = [
        call
        for call in module.nodes(ast.Call)
        if getattr(call.func, "id", getattr(call.func, "attr", "")) == function.name
    ]
    found = [loop_around(call, module) for call in calls]
    return [loop for loop in found if loop is not None] if None not in found else []


def _is_over_whole(loop: Loop, module: SourceModule) -> bool:
    if isinstance(loop, ast.For):
        over = loop.iter
        if _is_call_of(over, "range") and len(over.args) == 1:  # type: ignore[attr-defined]
            if _is_quotient(over.args[0], module):  # type: ignore[attr-defined]
                return True
        else:
            return _is_whole(over, module, 0)
    taken = [each for each in ast.walk(loop) if _is_call_of(each, "next")]
    datasets = [each.args[0] for each in taken if isinstance(each, ast.Call) and each.args]
    if not datasets:
        return False
    return all(_is_whole(each, module, 0) for each in datasets)


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == name


def _is_quotient(node: ast.AST, module: SourceModule) -> bool:
    """Tells whether an expression is `n // size` or `int(n / size)`."""
    value = module.value_of(node)
    binding = module.binding(value) if isinstance(value, ast.Name) else None
    if binding is not None and isinstance(binding.value, ast.Tuple):  # total, steps = 0.0, n // 64
        value = binding.value.elts[binding.element or 0]
    if isinstance(value, ast.BinOp):  # `(n + size - 1) // size` counts a short batch, too
        is_sum = isinstance(module.value_of(value.left), ast.BinOp | ast.UnaryOp)
        return isinstance(value.op, ast.FloorDiv) and not is_sum
    if not _is_call_of(value, "int") or not value.args:  # type: ignore[attr-defined]
        return False
    inner = module.value_of(value.args[0])  # type: ignore[attr-defined]
    return isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div | ast.FloorDiv)


def _is_whole(node: ast.AST, module: SourceModule, depth: int) -> bool:
    """Tells whether the elements of a dataset are batches of one size."""
    value = module.value_of(node)
    if depth > 20:
        return False
    if isinstance(value, ast.Name | ast.Attribute):
        return _all_are_whole(module)
    if not isinstance(value, ast.Call):
        return False
    func = value.func
    if not isinstance(func, ast.Attribute) or func.attr in _HANDS_ON:
        return bool(value.args) and _is_whole(value.args[0], module, depth + 1)
    if func.attr in _BATCHES:
        return _drops(value) or _is_endless(func.value, module, depth)
    return _is_whole(func.value, module, depth + 1)


def _drops(call: ast.Call) -> bool:
    """Tells whether `batch(..., drop_remainder=True)` drops a short batch."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "drop_remainder"]
    if getattr(call.func, "attr", "") == "batch":
        given += call.args[1:2]
    return any(isinstance(each, ast.Constant) and each.value is True for each in given)


def _is_endless(node: ast.AST, module: SourceModule, depth: int) -> bool:
    """Tells whether a dataset repeats its elements without end."""
    value = module.value_of(node)
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and depth < 20:
        if value.func.attr == "repeat":
            return not value.args and not value.keywords
        value, depth = module.value_of(value.func.value), depth + 1
    return False


def _all_are_whole(module: SourceModule) -> bool:
    """Tells whether each dataset that the module batches has whole batches only."""
    batched = [
        call
        for call in module.nodes(ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _BATCHES
    ]
    return bool(batched) and all(
        _drops(call) or _is_endless(call.func.value, module, 0)  # type: ignore[attr-defined]
        for call in batched
    )
