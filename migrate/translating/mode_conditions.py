"""Writes the forward pass of all modes as one: what only some modes run is under a condition."""

import ast
from collections.abc import Iterable, Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import source_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.statements import Statement, kills, loads, stores

TRAIN = ModeKeys.TRAIN


def lines(
    statements: Sequence[Statement],
    wanted: Mapping[str, set[str]],
    outputs: Sequence[str],
    path: str,
) -> tuple[str, ...]:
    """Returns the source of the statements.

    Args:
      statements: The statements of the forward pass.
      wanted: For each mode, the names that are read after them.
      outputs: The names that the forward pass returns.
      path: The file of the model_fn.

    Raises:
      Refusal: EVAL and PREDICT compute something else under one name.
    """
    modes = frozenset(wanted)
    conditions = {id(one): _condition(one, statements, wanted, path) for one in statements}
    # What reads a name that is there under a condition is under it, too.
    for _ in statements:
        for one in statements:
            if conditions[id(one)] or one.modes >= modes:
                continue
            known = _known(one, statements, conditions)
            if known:
                conditions[id(one)] = known
    _check_outputs(statements, conditions, outputs, path)
    return tuple(_written(statements, conditions))


def _condition(
    statement: Statement,
    statements: Sequence[Statement],
    wanted: Mapping[str, set[str]],
    path: str,
) -> str:
    missing = frozenset(wanted) - statement.modes
    if not missing:
        return ""
    if statement.modes & frozenset(wanted) == {TRAIN}:
        return "training"
    at = next(index for index, one in enumerate(statements) if one is statement)
    harmed = [mode for mode in missing if _harms(statement, statements[at + 1 :], mode, wanted)]
    if not harmed:
        return ""
    if missing == {TRAIN}:
        return "not training"
    raise Refusal(
        f"`{ast.unparse(statement.node)[:60]}` is not run in mode {sorted(harmed)[0]!r}, which has "
        "another value by this name; expected the same forward pass in EVAL and PREDICT; give the "
        "two values names of their own",
        path=path,
        line=getattr(statement.node, "lineno", 0),
    )


def _harms(
    statement: Statement, later: Iterable[Statement], mode: str, wanted: Mapping[str, set[str]]
) -> bool:
    """Tells whether a mode that does not run a statement would read what the statement writes."""
    names = stores(statement.node)
    for one in later:
        if mode not in one.modes:
            continue
        if loads(one.node) & names:
            return True
        names = names - kills(one.node)
    return bool(names & wanted[mode])


def _known(
    statement: Statement, statements: Sequence[Statement], conditions: Mapping[int, str]
) -> str:
    """Returns the condition of the only statements that write what a statement reads."""
    for name in sorted(loads(statement.node)):
        found = {conditions[id(one)] for one in statements if name in stores(one.node)}
        if len(found) == 1 and "" not in found:
            return found.pop()
    return ""


def _check_outputs(
    statements: Sequence[Statement],
    conditions: Mapping[int, str],
    outputs: Sequence[str],
    path: str,
) -> None:
    for name in outputs:
        found = {conditions[id(one)] for one in statements if name in stores(one.node)}
        if found in ({"training"}, {"not training"}):
            raise Refusal(
                f"the forward pass has `{name}` in some modes only, and the loss, the metrics or "
                "the predictions read it; expected a value in all modes; compute it in all of them",
                path=path,
            )


def _written(statements: Sequence[Statement], conditions: Mapping[int, str]) -> list[str]:
    found: list[str] = []
    index = 0
    while index < len(statements):
        condition = conditions[id(statements[index])]
        run = []
        while index < len(statements) and conditions[id(statements[index])] == condition:
            run.append(statements[index])
            index += 1
        texts = ["\n".join([*one.comments, *source_of([one.node])]) for one in run]
        if not condition:
            found += texts
            continue
        block = "\n".join(f"    {line}" for text in texts for line in text.splitlines())
        before = found[-1].partition("\n")[0] if found else ""
        opposite = {"if training:": "not training", "if not training:": "training"}
        if opposite.get(before) == condition and "\nelse:" not in found[-1]:
            found[-1] += f"\nelse:\n{block}"
        else:
            found.append(f"if {condition}:\n{block}")
    return found
