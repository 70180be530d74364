"""The formula of a term in pieces: losses, weights, reduction, divisor, with their lines."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping

from estimator_compat.ledger.formulas import applied, is_compound, shortened, sum_of
from estimator_compat.ledger.steps import LossStep
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from migrate.reports.loss_values import FormulaPart, Role

# Private characters that mark where a piece begins, and where it ends.
_BEGIN, _END = "\ue100", "\ue101"
_ROLES = tuple(Role)
_PIECE = re.compile(f"{_BEGIN}(.)([^{_END}]*){_END}", re.DOTALL)
_REDUCTION = re.compile(r"\b(?:sum|mean)(?=\()")
_MARKS = str.maketrans("", "", _BEGIN + _END)


# The absolute path of a file, and a line of it.
Place = tuple[str, int]


def of_ledger(ledger: LossLedger, anchors: Mapping[Place, str]) -> tuple[FormulaPart, ...]:
    """Returns the formula of a loss in pieces, as `LossLedger.formula` writes it.

    Args:
      ledger: The ledger.
      anchors: The anchors of the lines of code that are shown.
    """
    parts: list[FormulaPart] = []
    for term in ledger.terms:
        is_numbered = term.kind is Kind.DATA and term.name.startswith(f"{term.op}_")
        shown = dataclasses.replace(term, op=term.name) if is_numbered else term
        pieces = list(of_term(shown, anchors))
        is_negative = pieces and pieces[0].text.startswith("-")
        if parts:
            parts.append(FormulaPart(text=" " if is_negative else " + "))
        if parts and is_negative:
            pieces[0] = dataclasses.replace(pieces[0], text="- " + pieces[0].text[1:])
        parts += pieces
    if "".join(part.text for part in parts) != ledger.formula:
        return (FormulaPart(text=ledger.formula),)
    return tuple(parts)


def of_term(term: LossTerm, anchors: Mapping[Place, str]) -> tuple[FormulaPart, ...]:
    """Returns the formula of a term in pieces; in one piece if it cannot be divided."""
    by_role = _by_role(term, anchors)
    marked = _marked(term)
    parts = []
    position = 0
    for piece in _PIECE.finditer(marked):
        parts += _plain(marked[position : piece.start()], by_role)
        role = _ROLES[ord(piece[1]) - ord("0")]
        parts.append(FormulaPart(text=piece[2], role=role, anchor=by_role.get(role, "")))
        position = piece.end()
    parts += _plain(marked[position:], by_role)
    if "".join(part.text for part in parts) != term.formula:
        return (FormulaPart(text=term.formula),)
    return tuple(part for part in parts if part.text)


def _plain(text: str, anchors: Mapping[Role, str]) -> list[FormulaPart]:
    """Divides what is between marked pieces: the names of reductions, and the rest."""
    parts = []
    position = 0
    for found in _REDUCTION.finditer(text):
        parts.append(FormulaPart(text=text[position : found.start()]))
        anchor = anchors.get(Role.REDUCTION, "")
        parts.append(FormulaPart(text=found[0], role=Role.REDUCTION, anchor=anchor))
        position = found.end()
    return [*parts, FormulaPart(text=text[position:])]


def _marked(term: LossTerm) -> str:
    """Writes a formula as `LossTerm.formula` does, with marks around its pieces."""
    steps = tuple(
        dataclasses.replace(step, operand=_mark(step.operand, role_of(step)))
        if step.operand
        else step
        for step in shortened(term.steps)
    )
    if term.is_penalty:
        names = term.variables or ("each variable",)
        text = sum_of([f"{term.op}({name})" if term.op else name for name in names])
        text = _mark(text, Role.PENALTY)
    elif term.kind is not Kind.DATA:
        text = f"({term.op})" if is_compound(term.op) and term.steps else term.op
        text = _mark(text, role_of_term(term))
    else:
        op = f"({term.op})" if is_compound(term.op) else term.op
        text = f"{op}[{', '.join(term.axes)}]" if term.axes else op
        text = _mark(text, Role.LOSSES)
    return applied(steps, text)


def _mark(text: str, role: Role) -> str:
    return f"{_BEGIN}{chr(ord('0') + _ROLES.index(role))}{text.translate(_MARKS)}{_END}"


def role_of_term(term: LossTerm) -> Role:
    """Returns what the unreduced losses of a term are."""
    return {
        Kind.DATA: Role.LOSSES,
        Kind.REGULARIZATION: Role.PENALTY,
        Kind.OPAQUE: Role.OPAQUE,
    }.get(term.kind, Role.FACTOR)


def role_of(step: LossStep) -> Role:
    """Returns what a step is."""
    if step.reduces:
        return Role.REDUCTION
    if step.divides:
        return Role.DIVISOR
    return Role.WEIGHTS if step.weights else Role.FACTOR


def places_of(term: LossTerm) -> dict[Place, list[Role]]:
    """Returns what each line of code is to a term.

    If all parts whose line is known stand on one line, the others do, too: one call makes them.
    """
    given = [(term.line, role_of_term(term)), *((s.line, role_of(s)) for s in term.steps)]
    known = {line for line, _ in given if line is not None}
    of_one_call = known.pop() if len(known) == 1 and term.kind is Kind.DATA else None
    found: dict[Place, list[Role]] = {}
    for line, role in ((line or of_one_call, role) for line, role in given):
        if line is not None:
            roles = found.setdefault((os.path.abspath(line.file), line.number), [])
            roles += [role] if role not in roles else []
    return found


def _by_role(term: LossTerm, anchors: Mapping[Place, str]) -> dict[Role, str]:
    """Returns the anchor of the first line of each part of a term."""
    first: dict[Role, str] = {}
    for place, roles in places_of(term).items():
        for role in roles:
            first.setdefault(role, anchors.get(place, ""))
    return first
