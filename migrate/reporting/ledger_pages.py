"""Explains a ledger for a page: formula, facts, sentences, numbers, cautions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from estimator_compat.ledger import cautions, explanations
from estimator_compat.ledger.steps import Line
from estimator_compat.ledger.values import Check, Kind, LossLedger, LossTerm, Status
from estimator_compat.losses import reductions
from migrate.reporting import formula_parts, worked_examples
from migrate.reports.loss_values import LedgerPage, TermPage

MEASURED = "measured"  # `LossLedger.source` of a ledger that was read off a graph


def pages(
    ledgers: Sequence[LossLedger], anchors: Mapping[formula_parts.Place, str]
) -> tuple[LedgerPage, ...]:
    """Returns a page for each loss; modes that have the same formula share one.

    Args:
      ledgers: The ledgers of a model_fn, TRAIN first.
      anchors: The anchors of the lines of code that are shown.
    """
    shared: list[list[LossLedger]] = []
    for ledger in ledgers:
        for group in shared:
            if not cautions.of_formulas(group[0], ledger):
                group.append(ledger)
                break
        else:
            shared.append([ledger])
    between = _between(ledgers)
    return tuple(
        _page(group, anchors, between if index == 0 else ()) for index, group in enumerate(shared)
    )


def _between(ledgers: Sequence[LossLedger]) -> tuple[cautions.Caution, ...]:
    """Returns the caution that the losses of two modes differ."""
    if len(ledgers) != 2:
        return ()
    return cautions.differences(*ledgers)


def _page(
    group: Sequence[LossLedger],
    anchors: Mapping[formula_parts.Place, str],
    between: tuple[cautions.Caution, ...],
) -> LedgerPage:
    first = group[0]
    given = (*cautions.warnings(first), *between)
    return LedgerPage(
        ledger=first,
        modes=tuple(ledger.mode.upper() for ledger in group if ledger.mode),
        formula=formula_parts.of_ledger(first, anchors),
        terms=tuple(_term(term, anchors, first) for term in first.terms),
        checked=" ".join(filter(None, (_checked(ledger) for ledger in group))),
        cautions=tuple((each.code, each.text) for each in given),
        hints=tuple((each.code, each.text) for each in cautions.hints(first)),
    )


def _checked(ledger: LossLedger) -> str:
    check = ledger.check
    if check is None:
        return ""
    return f"{ledger.mode.upper()}: {_of_check(check)}."


def _of_check(check: Check) -> str:
    batches = f"{check.batches} batch{'es' if check.batches != 1 else ''}"
    if not check.passed:
        return (
            f"recomputed from its terms on {batches}, the loss differs by {check.worst:.3g} units "
            "in the last place: this ledger is wrong, please report it"
        )
    how = "the same bits" if check.exact else f"within {check.worst:.2g} units in the last place"
    return f"recomputed from its terms, {how}, on {batches}; the first loss is {check.loss:.6g}"


def _term(
    term: LossTerm, anchors: Mapping[formula_parts.Place, str], ledger: LossLedger
) -> TermPage:
    is_measured = ledger.source == MEASURED
    is_data = term.kind is Kind.DATA
    return TermPage(
        name=term.name,
        kind=term.kind.value,
        formula=formula_parts.of_term(term, anchors),
        reduction=(term.reduction or "") if is_data else "",
        facts=tuple(_facts(term)),
        sentences=explanations.explain(term) if is_measured else _as_read(term),
        worked=worked_examples.of(term) if is_data else (),
    )


def _as_read(term: LossTerm) -> tuple[str, ...]:
    """Says what the steps suggest; of a term that nobody has run, no more is known."""
    if term.kind is Kind.OPAQUE:
        return (f"Reading stopped at {term.stopped_by}.",)
    if term.kind is not Kind.DATA or term.is_unreduced:
        return ()
    said = [claim.text for claim in term.claims if claim.status is Status.SHOWN]
    if said:
        return tuple(said)
    return tuple(filter(None, (explanations.short_batch(term), explanations.zero_weights(term))))


def _facts(term: LossTerm) -> list[tuple[str, str]]:
    facts = []
    if term.kind is Kind.DATA:
        shape = f", [{', '.join(term.axes)}]" if term.axes else ""
        facts.append(("losses", f"{term.op}{shape}{_at(term.line)}"))
        weights = " * ".join(step.operand for step in term.weightings) or "none"
        facts.append(("weights", weights))
        facts.append(("reduction", _reduction(term)))
    elif term.kind is Kind.OPAQUE:
        facts.append(("stopped by", term.stopped_by))
    elif term.line is not None:
        facts.append(("written", _short(term.line)))
    if term.multipliers:
        facts.append(("multiplier", " * ".join(step.operand for step in term.multipliers)))
    if term.kind is not Kind.DATA:
        return facts
    reason = worked_examples.reason(term)
    if not term.axes and not reason:
        taken = ", ".join(worked_examples.axes(term))
        facts.append(("shape", f"not known from the source; the numbers below take [{taken}]"))
    if reason:
        facts.append(("numbers", f"no example in numbers: {reason}"))
    return facts


def _reduction(term: LossTerm) -> str:
    reduced = [step.line for step in term.steps if step.reduces and step.line]
    place = _at(reduced[-1]) if reduced and reduced[-1] != term.line else ""
    if term.reduction is not None:
        return f"{term.reduction}, {reductions.find(term.reduction).formula}{place}"
    divisors = " and ".join(step.operand for step in term.divisors)
    none = "none of tf.losses'"
    return f"{none}: divided by {divisors}{place}" if divisors else f"{none}{place}"


def _at(line: Line | None) -> str:
    return f" ({_short(line)})" if line else ""


def _short(line: Line) -> str:
    path = os.path.relpath(line.file).replace(os.sep, "/")
    return f"{os.path.basename(line.file) if path.startswith('..') else path}:{line.number}"
