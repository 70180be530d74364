"""Joins the terms of two branches of which one is taken, by a test that is not known."""

from __future__ import annotations

import dataclasses

from estimator_compat.ledger.steps import LossStep
from estimator_compat.ledger.values import Kind, LossTerm
from migrate.ledger_reading import leaves
from migrate.ledger_reading.values import Value

Terms = list[LossTerm]


def joined(value: Value, first: Terms, second: Terms, steps: tuple[LossStep, ...]) -> Terms:
    """Returns the terms that both branches have, and what is left as a term that is not known.

    Args:
      value: The value that is one of two.
      first: The terms of one branch.
      second: Those of the other.
      steps: The steps from the value to the loss.
    """
    common, first, second = _common(first, second)
    if not first and not second:
        return common
    if len(first) == len(second):
        merged = [_merged(*pair) for pair in zip(first, second, strict=True)]
        if all(merged):
            return [*common, *(term for term in merged if term is not None)]
    why = "which branch is taken is not known"
    term = dataclasses.replace(
        leaves.opaque(value, steps, why),
        op=f"{_formula(first)} or {_formula(second)}",
        stopped_by=f"`{leaves.test_text(value)}`: {why}",
    )
    return [*common, term]


def _common(first: Terms, second: Terms) -> tuple[Terms, Terms, Terms]:
    common, left, right = [], [], list(second)
    for term in first:
        key = _key(term)
        same = next((each for each in right if _key(each) == key), None)
        if same is None or term.kind is Kind.OPAQUE:
            left.append(term)
        else:
            right.remove(same)
            common.append(term)
    return common, left, right


def _key(term: LossTerm) -> LossTerm:
    steps = tuple(dataclasses.replace(step, line=None) for step in term.steps)
    return dataclasses.replace(term, line=None, steps=steps)


def _merged(first: LossTerm, second: LossTerm) -> LossTerm | None:
    """Joins two terms that differ in what computes the losses alone; None for others."""
    one, other = _key(first), _key(second)
    if dataclasses.replace(one, op="", variables=()) != dataclasses.replace(
        other, op="", variables=()
    ):
        return None
    if first.kind is not Kind.DATA:
        return None
    ops = list(dict.fromkeys([*first.op.split(" or "), *second.op.split(" or ")]))
    return dataclasses.replace(first, op=" or ".join(ops))


def _formula(terms: Terms) -> str:
    text = " + ".join(term.formula for term in terms).replace("+ -", "- ") or "0"
    return text if len(text) <= 80 else f"{text[:77]}..."
