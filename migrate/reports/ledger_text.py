"""Renders loss ledgers as text."""

import dataclasses
import os
from collections.abc import Sequence

from estimator_compat.ledger import cautions, explanations
from estimator_compat.ledger.steps import Line
from estimator_compat.ledger.values import Check, Kind, LossLedger, LossTerm, Status
from estimator_compat.losses import reductions
from migrate.reports import text_layout

_NAMES = {"train": "TRAIN", "eval": "EVAL"}


def render(ledgers: Sequence[LossLedger]) -> str:
    """Returns a text of a model_fn's ledgers, with their cautions.

    A ledger that equals the first one is not repeated; another caution says where two differ.
    """
    first, *others = ledgers
    parts = _ledger(first)
    for other in others:
        differences = cautions.differences(first, other)
        is_same = not cautions.of_formulas(first, other)
        parts += ["", *(_same(other, first) if is_same else _ledger(other))]
        for caution in differences:
            parts += ["", *_caution(caution, "")]
    return "\n".join(parts) + "\n"


def render_hints(ledgers: Sequence[LossLedger]) -> str:
    """Returns a text of what to mind when the losses are carried to Keras; "" if there is nothing.

    A hint that several ledgers give is not repeated.
    """
    given = {hint.text: hint for ledger in ledgers for hint in cautions.hints(ledger)}
    lines: list[str] = []
    for hint in given.values():
        lines += ["", *_wrapped(f"hint {hint.code}: {hint.text}", "", 2)]
        lines += [f"  {_short(line)}" for line in hint.lines]
    return "".join(f"{line}\n" for line in lines)


def _same(ledger: LossLedger, first: LossLedger) -> list[str]:
    return _head(ledger, f"the same formula as in {_NAMES.get(first.mode, first.mode)}")


def _head(ledger: LossLedger, formula: str) -> list[str]:
    lines = _wrapped(f"{_NAMES.get(ledger.mode, ledger.mode)}  loss = {formula}", "", 4)
    if ledger.check:
        lines += _wrapped(_check(ledger.check), "  ", 2)
    for claim in ledger.claims:
        if claim.status is Status.SHOWN:
            lines += _wrapped(claim.text, "  ", 2)
        elif claim.status is Status.NOT_KNOWN:
            lines += _wrapped(f"Not known whether it is the same number: {claim.reason}.", "  ", 2)
    return lines


def _ledger(ledger: LossLedger) -> list[str]:
    lines = _head(ledger, ledger.formula)
    for index, term in enumerate(ledger.terms, 1):
        lines += ["", *_term(index, term)]
    for caution in cautions.warnings(ledger):
        lines += ["", *_caution(caution, "  ")]
    return lines


def _check(check: Check) -> str:
    if not check.passed:
        text = (
            f"CHECK FAILED: recomputed from its terms, the loss differs by {check.worst:.3g} units "
            "in the last place. This ledger is wrong; please report it."
        )
    elif check.exact:
        text = "recomputed from its terms: the same bits"
    else:
        text = f"recomputed from its terms: within {check.worst:.2g} units in the last place"
    batches = text_layout.plural(check.batches, "batch", "batches")
    notes = "".join(f"; {note}" for note in check.notes)
    if not check.passed:
        return f"{text} Checked on {batches} (the first loss is {check.loss:.6g}){notes}"
    return f"{text}, on {batches} (the first loss is {check.loss:.6g}){notes}"


def _term(index: int, term: LossTerm) -> list[str]:
    lines = _wrapped(f"{index}. {term.name}, {term.kind.value}: {term.formula}", "  ", 5)
    for label, text in _facts(term):
        lines += _wrapped(f"{label:<11}{text}", " " * 5, 11)
    return lines


def _facts(term: LossTerm) -> list[tuple[str, str]]:
    facts = []
    if term.kind is Kind.DATA:
        shape = ", ".join(term.axes)
        facts.append(("losses", f"{term.op} of shape [{shape}]{_at(term.line)}"))
        weights = " * ".join(step.operand for step in term.weightings) or "none"
        facts.append(("weights", weights))
        facts.append(("reduction", f"{_reduction(term)}{_reduced_at(term)}"))
    elif term.line is not None:
        facts.append(("written", _short(term.line)))
    if term.multipliers:
        facts.append(("multiplier", " * ".join(step.operand for step in term.multipliers)))
    return facts + [("", sentence) for sentence in explanations.explain(term)]


def _reduction(term: LossTerm) -> str:
    if term.reduction is not None:
        return f"{term.reduction}, {reductions.find(term.reduction).formula}"
    divisors = " and ".join(step.operand for step in term.divisors)
    return f"none of tf.losses': divided by {divisors}" if divisors else "none of tf.losses'"


def _reduced_at(term: LossTerm) -> str:
    lines = [step.line for step in term.steps if step.reduces and step.line]
    return _at(lines[-1]) if lines and lines[-1] != term.line else ""


def _at(line: Line | None) -> str:
    return f" ({_short(line)})" if line else ""


def _short(line: Line) -> str:
    """Returns the line of code; a file below the working folder is named relative to it."""
    path = os.path.relpath(line.file)
    return str(line if path.startswith("..") else dataclasses.replace(line, file=path))


def _caution(caution: cautions.Caution, indent: str) -> list[str]:
    lines = _wrapped(f"! {caution.code}: {caution.text}", indent, 2)
    return lines + [f"{indent}  {_short(line)}" for line in caution.lines]


def _wrapped(text: str, indent: str, hanging: int) -> list[str]:
    """Wraps a paragraph. Formulas, names and paths are not broken: a reader can copy them."""
    return text_layout.wrap(text, indent=indent, hanging=hanging, break_long_words=False)
