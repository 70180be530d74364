"""Losses that the source reduces itself: from the losses of the elements up to one number."""

import ast
import dataclasses
import keyword
import re
from collections.abc import Sequence

from migrate.translating.expressions import api_of, dotted, parse
from migrate.translating.facts import TensorFact
from migrate.translating.loss_source import LossSource, names_in, rebuilt, unique
from migrate.translating.source_reader.statements import loads, stores

_DIVISIONS = {
    "tf.div", "tf.divide", "tf.realdiv", "tf.truediv", "tf.div_no_nan", "tf.math.divide",
    "tf.math.divide_no_nan", "tf.math.truediv",
}  # fmt: skip


@dataclasses.dataclass(slots=True)
class Region:
    """What leads from the losses to one number.

    Attributes:
      index: The index of the statement that the number is in.
      root: The expression that is the number.
      via: The indices of the statements between.
    """

    index: int
    root: ast.expr
    via: tuple[int, ...]


def region(source: LossSource, index: int, node: ast.expr) -> Region | None:
    """Returns the smallest region that reduces losses, with the divisor; None if there is none.

    Args:
      source: The statements.
      index: The index of the statement that has the losses.
      node: The losses.
    """
    via: tuple[int, ...] = ()
    while True:
        found = _within(source, index, node)
        if found is None:
            return None
        top, at_top = found
        is_scalar = source.is_scalar(top)
        if not at_top or index == len(source.nodes):
            return Region(index, top, via) if is_scalar else None
        statement = source.nodes[index]
        names = stores(statement)
        if not isinstance(statement, ast.Assign | ast.AugAssign) or len(names) != 1:
            return Region(index, top, via) if is_scalar else None
        uses = source.uses(next(iter(names)), index)
        if is_scalar:
            if len(uses) != 1 or not _divides(source, *uses[0]):
                return Region(index, top, via)
            via, (index, node) = (*via, index), uses[0]
            continue
        via = (*via, index)
        if len(uses) != 1:
            return _first(source, uses, via)
        index, node = uses[0]


def _first(
    source: LossSource, uses: Sequence[tuple[int, ast.Name]], via: tuple[int, ...]
) -> Region | None:
    for index, node in uses:
        found = region(source, index, node)
        if found is not None:
            return Region(found.index, found.root, (*via, *found.via))
    return None


def _within(source: LossSource, index: int, node: ast.expr) -> tuple[ast.expr, bool] | None:
    """Goes up in a statement, to the first number and its divisor.

    Returns:
      The expression, and whether it is the whole value of its statement; None if the losses are in
      a loop, a dict or the like before they are reduced.
    """
    parents = source.parents(index)
    while True:
        parent = parents.get(node)
        if parent is None or isinstance(parent, ast.stmt):
            if isinstance(parent, ast.For | ast.FunctionDef):
                return None
            return node, True
        is_scalar = source.is_scalar(node)
        if is_scalar and not _is_divided(source, node, parent):
            return node, False
        if isinstance(parent, ast.keyword):
            parent = parents[parent]
        if not isinstance(parent, ast.expr):
            return None
        if not is_scalar and isinstance(
            parent, ast.Dict | ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.Lambda
        ):
            return None
        node = parent


def _divides(source: LossSource, index: int, node: ast.expr) -> bool:
    parent = source.parents(index).get(node)
    return parent is not None and _is_divided(source, node, parent)


def _is_divided(source: LossSource, node: ast.expr, parent: ast.AST) -> bool:
    """Tells whether the parent divides the node."""
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.Div) and parent.left is node
    if isinstance(parent, ast.Call) and parent.args:
        name = api_of(parent, source.flat.facts) or dotted(parent.func)
        return name in _DIVISIONS and parent.args[0] is node
    return False


@dataclasses.dataclass(slots=True)
class Inside:
    """What the function of a region computes, and what it is passed.

    Attributes:
      body: Its statements.
      root: What it returns.
      passed: The expressions that are passed, by the names of the parameters.
    """

    body: list[ast.stmt]
    root: ast.expr
    passed: dict[str, ast.expr]


def inside(
    source: LossSource, found: Region, inputs: Sequence[str], weights: Sequence[str]
) -> Inside:
    """Returns the function of a region.

    It computes numbers, such as divisors; tensors are passed. Each of the features and labels that
    it reads is a parameter of its own, which is called `weights` if it is the weights.

    Args:
      source: The statements.
      found: The region.
      inputs: The names that no statement assigns: features, labels, outputs and weights.
      weights: The names of the tensors of weights.
    """
    body = _computed_inside(source, found)
    nodes = [source.nodes[index] for index in body]
    taken = names_in([*nodes, found.root])
    passed: dict[str, ast.expr] = {}

    def change(node: ast.AST) -> ast.expr | None:
        if not isinstance(node, ast.Subscript) or dotted_base(node) not in ("features", "labels"):
            return None
        text = ast.unparse(node)
        name = next((name for name, one in passed.items() if ast.unparse(one) == text), "")
        if not name:
            value = source.value(node)
            is_weights = isinstance(value, TensorFact) and value.name in weights
            name = unique("weights" if is_weights else _key(node), taken)
            passed[name] = node
            taken.add(name)
        return ast.Name(id=name, ctx=ast.Load())

    nodes = [rebuilt(one, change) for one in nodes]
    root: ast.expr = rebuilt(found.root, change)
    written = set().union(*(stores(one) for one in nodes), set())
    local = set().union(*(stores(one) for one in source.nodes), set()) | set(inputs)
    read = set().union(*(loads(one) for one in nodes), loads(root)) - written - set(passed)
    ordered = [one for one in [*inputs, *sorted(local - set(inputs))] if one in read & local]
    passed = {**{name: parse(name) for name in ordered}, **passed}
    return Inside(nodes, root, passed)


def _computed_inside(source: LossSource, found: Region) -> list[int]:
    """Returns the indices of the statements that the function of a region has."""
    body = set(found.via)
    waiting = [(name, found.index) for name in loads(found.root)]
    waiting += [(name, index) for index in found.via for name in loads(source.nodes[index])]
    written = set().union(*(stores(source.nodes[index]) for index in found.via), set())
    while waiting:
        name, before = waiting.pop(0)
        place = None if name in written else source.assigned(name, before)
        if place is not None and place[0] not in body and _is_number(source, place[1]):
            body.add(place[0])
            waiting += [(one, place[0]) for one in loads(place[1])]
    return sorted(body)


def _key(node: ast.Subscript) -> str:
    """Returns the name of a feature, such as "price" for `labels["price"]`."""
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    name = re.sub(r"\W", "_", str(key)) if isinstance(key, str) else ""
    return name if name.isidentifier() and not keyword.iskeyword(name) else "values"


def dotted_base(node: ast.AST) -> str:
    """Returns the name whose elements are read, such as "features" for `features["x"][0]`."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_number(source: LossSource, node: ast.expr) -> bool:
    value = source.value(node)
    return isinstance(value, float | int) or (isinstance(value, TensorFact) and value.shape == ())
