"""The `try` statements of a flattened model_fn: the part that ran to its end."""

import ast
from typing import TYPE_CHECKING

from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.frames import Frame, executions
from migrate.translating.source_reader.statements import Statement

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening


def flattened(
    flattening: "Flattening", node: ast.Try, frame: Frame, modes: frozenset[str]
) -> tuple[list[Statement], dict[str, ast.expr]]:
    """Returns the statements of a `try` that ran, and what they return in each mode.

    A `try` often asks which TensorFlow is installed: `try: tf.to_float(x)`,
    `except AttributeError: tf.compat.v1.to_float(x)`.

    Raises:
      Refusal: It ended in another way in another execution, or after it had done something.
    """
    chosen: dict[int, set[str]] = {}
    for mode in modes:
        chosen.setdefault(_handler(node, frame, mode), set()).add(mode)
    statements: list[Statement] = []
    returned: dict[str, ast.expr] = {}
    for index, those in chosen.items():
        body = [*node.body, *node.orelse]
        if index >= 0:
            _check_undone(node, frame, frozenset(those))
            body = node.handlers[index].body
        made, ends = flattening.body(body, frame, frozenset(those))
        statements += made
        returned |= ends
    if node.finalbody and returned:
        raise _refusal(node, frame, "a `try` that returns and has a `finally`")
    last, ends = flattening.body(node.finalbody, frame, modes)
    return [*statements, *last], returned | ends


def _handler(node: ast.Try, frame: Frame, mode: str) -> int:
    """Returns the index of the handler that ran in a mode; -1 for none."""
    branches = frame.calls[mode].branches
    runs = len(branches.get(frame.file.span(node), ()))
    handled = [len(branches.get(frame.file.span(one), ())) for one in node.handlers]
    if not any(handled):
        return -1
    if max(handled) != runs or sum(handled) != runs:
        raise _refusal(node, frame, "a `try` that ends in another way in another iteration")
    return handled.index(runs)


def _check_undone(node: ast.Try, frame: Frame, modes: frozenset[str]) -> None:
    """Checks that what an exception ended had done nothing before."""
    calls = [
        call
        for one in ast.walk(node.body[0])
        if isinstance(one, ast.Call)
        for each in executions(one, frame, modes).values()
        for call in each
    ]
    if len(node.body) != 1 or any(call.variables for call in calls):
        raise _refusal(node, frame, "a `try` of which a part runs, and then an `except`")


def _refusal(node: ast.Try, frame: Frame, what: str) -> Refusal:
    return Refusal(
        f"{what} is not translated; write what it does without `try`",
        path=frame.file.path,
        line=node.lineno,
    )
