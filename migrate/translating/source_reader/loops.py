"""The loops of a flattened model_fn: written out where an iteration has layers of its own."""

import ast
import copy
import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.expressions import api_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import unrolling
from migrate.translating.source_reader.frames import (
    READ_ONE_BY_ONE,
    Frame,
    calls_one_of,
    dotted,
    executions,
    is_part,
    is_simple,
)
from migrate.translating.source_reader.inlining import TRAINING
from migrate.translating.source_reader.renaming import Rename
from migrate.translating.source_reader.statements import Statement, in_scopes, kills, loads, stores

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening

_DROPOUT = ("tf.nn.dropout", "tf.layers.dropout")


def flattened(
    flattening: "Flattening", node: ast.For, frame: Frame, modes: frozenset[str]
) -> list[Statement]:
    """Returns the statements of a loop, or those of all its iterations."""
    unrolled = _unrolled(flattening, node, frame, modes)
    if unrolled is not None:
        return unrolled
    before, iterated = flattening.expression(node.iter, frame, modes)
    body, returned = flattening.body(node.body, frame, modes)
    if returned or node.orelse:
        raise Refusal(
            "a loop that returns, or has an `else`, is not translated; write it out",
            path=frame.file.path,
            line=node.lineno,
        )
    body = [_in_all_modes(flattening, one, frame, modes) for one in body]
    target = Rename(frame.names, flattening, frame).visit(copy.deepcopy(node.target))
    loop = ast.For(target=target, iter=iterated, body=in_scopes(body), orelse=[])
    loop.lineno = node.lineno
    return [*before, Statement(loop, modes)]


def _unrolled(
    flattening: "Flattening", node: ast.For, frame: Frame, modes: frozenset[str]
) -> list[Statement] | None:
    """Writes out a loop; returns None if that is not needed, or not possible."""
    if not _calls_parts(flattening, node.body, frame, modes):
        return None
    span = frame.file.span(node.iter)
    before, iterated = flattening.expression(node.iter, frame, modes)
    bound = unrolling.bound(node.target, iterated, span, frame, modes)
    if bound is None:
        return None
    _check_lambdas(node, bound, frame)
    shown = unrolling.Unrolled(ast.unparse(iterated), node.lineno, len(bound))
    written = set().union(*(stores(one) for one in node.body))
    statements = list(before)
    for index, names in enumerate(bound):
        frame.iteration[span] = index
        for name, value in names.items():
            if name in written or not is_simple(value):
                frame.names.pop(name, None)
                to = ast.Name(id=name, ctx=ast.Store())
                assigned = ast.Assign(targets=[to], value=value, lineno=node.lineno)
                statements.append(Statement(assigned, modes))
            else:
                frame.names[name] = value
        made, returned = flattening.body(node.body, frame, modes)
        if returned:
            return None
        if _reads_one_by_one(node.body, frame, modes):
            last = _read_elsewhere(node, frame) if index + 1 == len(bound) else frozenset()
            _rename(flattening, made, _word(names, index), last)
        statements += made
    frame.iteration.pop(span, None)
    flattening.unrolled.append(shown)
    return statements


def _check_lambdas(node: ast.For, bound: Sequence[Mapping[str, ast.expr]], frame: Frame) -> None:
    """Refuses functions that a loop collects, and that read its variable: all read the last one."""
    names = {name for one in bound for name in one}
    for call in (one for statement in node.body for one in ast.walk(statement)):
        if isinstance(call, ast.Call) and dotted(call.func).endswith((".append", ".add")):
            inner = [one for arg in call.args for one in ast.walk(arg)]
            read = {
                name for one in inner if isinstance(one, ast.Lambda) for name in loads(one) & names
            }
            if read:
                raise Refusal(
                    f"a lambda that the loop collects reads `{min(read)}`, whose last value each "
                    "of them sees when it is called, which is not translated; pass the value to "
                    "it: `lambda x, i=i: ...`",
                    path=frame.file.path,
                    line=call.lineno,
                )


def _reads_one_by_one(body: Sequence[ast.AST], frame: Frame, modes: frozenset[str]) -> bool:
    return any(calls_one_of(one, READ_ONE_BY_ONE, frame, modes) for one in body)


def _word(names: Mapping[str, ast.expr], index: int) -> str:
    """Returns what tells an iteration from the others: a text that the loop binds, or a number."""
    texts = [one.value for one in names.values() if isinstance(one, ast.Constant)]
    return next((re.sub(r"\W", "_", one) for one in texts if isinstance(one, str)), str(index))


def _read_elsewhere(loop: ast.For, frame: Frame) -> frozenset[str]:
    """Returns the names that the function of a loop reads outside of it, as they are called now."""
    inside = set(ast.walk(loop))
    functions = [
        one
        for one in ast.walk(frame.file.tree)
        if isinstance(one, ast.FunctionDef)
        and one.lineno < loop.lineno <= (one.end_lineno or one.lineno)
    ]
    innermost = max(functions, key=lambda one: one.lineno)
    read = {
        one.id
        for one in ast.walk(innermost)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one not in inside
    }
    names = {frame.names.get(one, one) for one in read}
    return frozenset(one for one in names if isinstance(one, str))


def _rename(
    flattening: "Flattening",
    statements: Sequence[Statement],
    word: str,
    kept: frozenset[str],
) -> None:
    """Gives a word to the names that an iteration assigns without reading what they were.

    Args:
      flattening: Flattens the model_fn.
      statements: Those of the iteration.
      word: Stands behind the names.
      kept: Names that stay.
    """
    read: set[str] = set()
    own: set[str] = set()
    for one in statements:
        read |= loads(one.node) - own
        own |= kills(one.node) - read
    names = {}
    for name in sorted(own - kept):
        names[name] = f"{name}_{word}"
        while names[name] in flattening.used:
            names[name] += "_"
    flattening.used |= set(names.values())
    for one in statements:
        for node in (n for part in (one.node, *one.scopes) for n in ast.walk(part)):
            if isinstance(node, ast.Name):
                node.id = names.get(node.id, node.id)


def _calls_parts(
    flattening: "Flattening", body: Sequence[ast.AST], frame: Frame, modes: frozenset[str]
) -> bool:
    """Tells whether a loop calls helpers that are put in place, or makes losses or metrics."""
    for node in (one for statement in body for one in ast.walk(statement)):
        if isinstance(node, ast.Call):
            found = executions(node, frame, modes)
            calls = [call for each in found.values() for call in each]
            if any(is_part(one) for one in calls) and not flattening.keeps(calls):
                return True
    if _reads_one_by_one(body, frame, modes):
        return True
    if flattening.border.is_kept:
        return False
    inner = [n for one in body for n in ast.walk(one) if isinstance(n, ast.For | ast.ListComp)]
    return any(flattening.has_layers(one, frame, modes) for one in inner)


def _in_all_modes(
    flattening: "Flattening", statement: Statement, frame: Frame, modes: frozenset[str]
) -> Statement:
    """Puts a statement of a loop that only some modes run under its condition."""
    if statement.modes == modes:
        return statement
    node = statement.node
    others = modes - {ModeKeys.TRAIN}
    if statement.modes not in (modes - others, others):
        raise Refusal(
            "a loop that does something else in EVAL than in PREDICT is not translated; write it "
            "out",
            path=frame.file.path,
            line=getattr(node, "lineno", 0),
        )
    if (
        statement.modes != others
        and not flattening.border.is_kept
        and _is_dropout(node, flattening)
    ):
        return dataclasses.replace(statement, modes=modes)  # a layer that knows when it drops
    test: ast.expr = ast.Name(id=TRAINING, ctx=ast.Load())
    if statement.modes == others:
        test = ast.UnaryOp(op=ast.Not(), operand=test)
    made = ast.If(test=test, body=[node], orelse=[])
    return dataclasses.replace(statement, node=ast.copy_location(made, node), modes=modes)


def _is_dropout(node: ast.stmt, flattening: "Flattening") -> bool:
    """Tells whether a statement only drops elements of a name: `x = tf.nn.dropout(x, 0.5)`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    apis = {api_of(node.value, flattening.facts)}
    given = [*node.value.args, *(one.value for one in node.value.keywords)]
    return apis <= set(_DROPOUT) and ast.unparse(node.targets[0]) == ast.unparse(given[0])
