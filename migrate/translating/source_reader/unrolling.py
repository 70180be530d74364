"""What the items of an unrolled loop are, as expressions."""

import ast
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrate.translating.expressions import parse
from migrate.translating.facts import Span, TensorFact, Unknown
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.frames import READ_ONE_BY_ONE, Frame, calls_one_of

if TYPE_CHECKING:
    from migrate.translating.source_reader.inlining import Expressions

_LIMIT = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Unrolled:
    """A loop whose iterations are written out: what it iterates over, its line, how many."""

    iterated: str
    line: int
    count: int


def items(iterated: ast.expr, seen: Sequence[object]) -> list[ast.expr] | None:
    """Returns an expression for each item of what a loop iterates over.

    Args:
      iterated: What it iterates over.
      seen: The items that the run showed.

    Returns:
      The expressions; None if an item has no expression.
    """
    if len(seen) > _LIMIT:
        return None
    if isinstance(iterated, ast.List | ast.Tuple):
        starred = any(isinstance(one, ast.Starred) for one in iterated.elts)
        return None if starred or len(iterated.elts) != len(seen) else list(iterated.elts)
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name):
        if iterated.func.id == "enumerate" and len(iterated.args) == 1 and not iterated.keywords:
            inner = items(iterated.args[0], [_part(one, 1) for one in seen])
            numbers = [ast.Constant(value=index) for index in range(len(seen))]
            return None if inner is None else _tuples([numbers, inner])
        if iterated.func.id == "zip":
            each = [
                items(argument, [_part(one, index) for one in seen])
                for index, argument in enumerate(iterated.args)
            ]
            return None if any(one is None for one in each) else _tuples([o for o in each if o])
    if all(_is_plain(one) for one in seen):
        if _is_path(iterated) and not all(isinstance(one, str) for one in seen):
            # A list of hyperparameters: its values are chosen in one place.
            return [
                ast.Subscript(value=iterated, slice=ast.Constant(value=index), ctx=ast.Load())
                for index in range(len(seen))
            ]
        return [parse(repr(one)) for one in seen]
    return None


def bind(target: ast.expr, item: ast.expr) -> dict[str, ast.expr] | None:
    """Returns the names that a target binds, with their values; None if it is not one of names."""
    if isinstance(target, ast.Name):
        return {target.id: item}
    if not isinstance(target, ast.Tuple | ast.List):
        return None
    bound: dict[str, ast.expr] = {}
    for index, one in enumerate(target.elts):
        part: ast.expr = ast.Subscript(value=item, slice=ast.Constant(value=index), ctx=ast.Load())
        if isinstance(item, ast.Tuple | ast.List) and len(item.elts) == len(target.elts):
            part = item.elts[index]
        inner = bind(one, part)
        if inner is None:
            return None
        bound |= inner
    return bound


def _tuples(columns: Sequence[Sequence[ast.expr]]) -> list[ast.expr]:
    return [ast.Tuple(elts=list(row), ctx=ast.Load()) for row in zip(*columns, strict=False)]


def _part(item: object, index: int) -> object:
    return item[index] if isinstance(item, tuple | list) and index < len(item) else Unknown("")


def _is_path(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name)


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(one) for one in value)
    return not isinstance(value, TensorFact | Unknown | dict)


def bound(
    target: ast.expr,
    iterated: ast.expr,
    span: Span,
    frame: Frame,
    modes: frozenset[str],
) -> list[dict[str, ast.expr]] | None:
    """Returns the values of the names that a loop binds, in each iteration."""
    seen = [_iterated(span, frame, mode) for mode in modes]
    if not seen or any(one is None or len(one) != len(seen[0] or ()) for one in seen):
        return None
    expressions = items(iterated, seen[0] or ())
    if expressions is None:
        return None
    values = [bind(target, one) for one in expressions]
    return None if any(one is None for one in values) else [one for one in values if one]


def _iterated(span: Span, frame: Frame, mode: str) -> list[object] | None:
    """Returns the items that a loop of a function had in a mode."""
    waiting = [frame.calls[mode]]
    while waiting:
        call = waiting.pop()
        seen = call.values.get(span)
        if isinstance(seen, list):
            return seen
        waiting += [one for one in call.calls if one.callee.span is None]
    return None


def written_out(
    expressions: "Expressions", generators: list[ast.comprehension], parts: list[ast.expr]
) -> list[list[ast.expr]] | None:
    """Writes out a comprehension that makes layers, losses or metrics; returns None for others."""
    flattening, frame, modes = expressions.flattening, expressions.frame, expressions.modes
    if not any(
        flattening.has_layers(one, frame, modes) or calls_one_of(one, READ_ONE_BY_ONE, frame, modes)
        for one in parts
    ):
        return None
    [generator, *others] = generators
    span = frame.file.span(generator.iter)
    iterated = expressions.visit(generator.iter)
    every = bound(generator.target, iterated, span, frame, modes)
    if others or generator.ifs or every is None:
        raise Refusal(
            "a comprehension that makes layers, losses or metrics is translated if it has one "
            "`for`, no `if`, and iterates over plain values; write it out",
            path=frame.file.path,
            line=parts[0].lineno,
        )
    made = []
    line = getattr(generator.iter, "lineno", 0)
    flattening.unrolled.append(Unrolled(ast.unparse(iterated), line, len(every)))
    names = dict(frame.names)
    for index, values in enumerate(every):
        frame.iteration[span] = index
        frame.names.update(values)
        made.append([expressions.visit(one) for one in parts])
    frame.names.clear()
    frame.names.update(names)
    del frame.iteration[span]
    return made
