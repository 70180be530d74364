"""Losses in words, for docstrings."""

from collections.abc import Sequence

from estimator_compat.ledger.values import LossTerm
from migrate.mappings import reductions


def reduction(term: LossTerm) -> str:
    """Returns what reduces the losses of a term."""
    name = term.suggested_reduction or ""
    if name not in reductions.ROWS:
        return "The losses, reduced as the legacy program did"
    row = reductions.ROWS[name]
    return f"{row.words if term.weightings else row.plain_words}: {name}"


def is_negated(term: LossTerm) -> bool:
    """Tells whether the loss has the negative losses of a term."""
    return sum(step.operation.value == "negate" for step in term.steps) % 2 == 1


def with_axes(words: str, axes: Sequence[str]) -> str:
    """Adds the axes of the losses."""
    return f"{words}, [{', '.join(axes)}]" if axes and "?" not in axes else words


def losses(op: str) -> str:
    """Returns what an operation that computes losses is called."""
    text = op.replace("_", " ")
    return text[:1].upper() + text[1:] if text.replace(" ", "").isalnum() else "The losses"
