"""Compares a ledger that was read from source with the measured one of the same loss.

What the reader does not know cannot disagree. What it says must be what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from estimator_compat.ledger.values import Kind, LossLedger, LossTerm


def disagreements(read: LossLedger, measured: LossLedger) -> tuple[str, ...]:
    """Returns in what the two ledgers disagree, a sentence each; none if they agree.

    A term that the reader could not follow stands for any number of measured terms. A penalty that
    was read stands for at least one measured penalty.

    Args:
      read: The ledger that was read from source.
      measured: The ledger that was read off the graph of a run.
    """
    mine = [term for term in read.terms if not _is_nothing(term)]
    theirs = [term for term in measured.terms if not _is_nothing(term)]
    left = list(theirs)
    found: list[str] = []
    for term in mine:
        if term.kind is Kind.OPAQUE:
            continue
        partner = next((each for each in left if not any(_differences(term, each))), None)
        if partner is None and term.kind is Kind.REGULARIZATION:
            partner = _merged(term, theirs)
        if partner is None:
            partner = next((each for each in left if each.kind is term.kind), None)
            if partner is None:
                found.append(f"`{term.formula}` was read, and not measured.")
            else:
                found += [f"`{term.formula}`: {each}" for each in _differences(term, partner)]
        left = [each for each in left if each is not partner]
    if not any(term.kind is Kind.OPAQUE for term in mine):
        many = [each for each in mine if len(each.variables) != 1]
        left = [each for each in left if not _merged(each, many)]
        found += [f"`{term.formula}` was measured, and not read." for term in left]
    return tuple(found)


def _merged(term: LossTerm, others: list[LossTerm]) -> LossTerm | None:
    """Returns a penalty of several variables that a penalty may be a part of."""
    if term.kind is not Kind.REGULARIZATION:
        return None
    return next(
        (
            each
            for each in others
            if each.kind is Kind.REGULARIZATION
            and len(each.variables) != 1
            and not any(_differences(term, each))
        ),
        None,
    )


def _is_nothing(term: LossTerm) -> bool:
    """Returns whether a term adds nothing: a constant 0, as of an empty collection."""
    return term.kind is Kind.CONSTANT and term.op in ("0", "0.0", "-0")


def _differences(read: LossTerm, measured: LossTerm) -> Iterator[str]:
    """Yields in what a term disagrees with a measured one."""
    if read.kind is not measured.kind:
        yield f"its kind was read as {read.kind.value}, and measured as {measured.kind.value}."
        return
    if read.op.isidentifier() and measured.op.isidentifier() and read.op != measured.op:
        yield f"`{read.op}` was read, and `{measured.op}` measured."
    if read.kind is not Kind.DATA:
        return
    ours, other = read.suggested_reduction, measured.suggested_reduction
    if ours is not None and ours != other:
        yield f"the reduction {ours} was read, and {other or 'none of the known ones'} measured."
    if bool(read.weightings) is not bool(measured.weightings):
        with_weights = ["without weights", "with weights"]
        first = with_weights[bool(read.weightings)]
        yield f"it was read {first}, and measured {with_weights[bool(measured.weightings)]}."
    if not _same_numbers(_multipliers(read), _multipliers(measured)):
        written = [f"{each:.7g}" for each in _multipliers(measured)]
        yield f"other numbers multiply it as measured: {', '.join(written) or 'none'}."


def _multipliers(term: LossTerm) -> list[float]:
    return sorted(step.value for step in term.multipliers if step.value is not None)


def _same_numbers(first: list[float], second: list[float]) -> bool:
    if len(first) > len(second):
        return False
    return all(any(abs(one - other) <= 1e-6 * abs(other) for other in second) for one in first)
