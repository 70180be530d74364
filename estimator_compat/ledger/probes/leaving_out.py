"""The probe "leaving out": the loss of an example stays the same when another one leaves."""

from typing import NamedTuple

import numpy as np

from estimator_compat.ledger.axis_names import SELECTED
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed, Values
from estimator_compat.ledger.probes.permutation import is_close_to
from estimator_compat.ledger.probes.term_numbers import numbers_of
from estimator_compat.ledger.values import Claim, LossTerm, Status

PROBE = "leaving out"
TEXT = "The loss of an example does not depend on the other examples of its batch."


def probe(term: LossTerm, bench: Bench, axis: Claim) -> Claim:
    """Leaves out the first and the last example of a batch, and compares the others' losses.

    Where the graph fixes the size of a batch, a copy of another example replaces the one that
    leaves.

    Args:
      term: The term.
      bench: The batches.
      axis: What the probe "permutation" found of the term's batch axis.
    """
    if axis.status is Status.NOT_KNOWN:
        return _claim(Status.NOT_KNOWN, axis.reason)
    if reason := bench.reason or ("" if bench.size > 1 else "the batch has one example"):
        return _claim(Status.NOT_KNOWN, reason)
    for left_out in (0, bench.size - 1):
        kept = [row for row in range(bench.size) if row != left_out]
        try:
            values, places, size = bench.of(kept), list(range(len(kept))), len(kept)
        except CannotFeed:
            replaced = [row if row != left_out else kept[0] for row in range(bench.size)]
            try:
                values, places, size = bench.of(replaced), kept, bench.size
            except CannotFeed as error:
                return _claim(Status.NOT_KNOWN, str(error))
        made = _Made(values, places, size)
        if term.batch_axis is None and _has_another_shape(term, bench.whole, values):
            return _claim(Status.NOT_KNOWN, "it is not known which axis of the losses is the batch")
        if problem := _difference(term, bench.whole, kept, made):
            return _claim(Status.REFUTED, problem)
    return _claim(Status.SHOWN)


class _Made(NamedTuple):
    """A batch without one example.

    Attributes:
      values: The values of the tensors.
      places: Where the examples that stayed are.
      size: The number of examples, with the copy that replaces the one that left.
    """

    values: Values
    places: list[int]
    size: int


def _has_another_shape(term: LossTerm, before: Values, after: Values) -> bool:
    return any(np.shape(before[name]) != np.shape(after[name]) for name in term.tensors)


def _difference(term: LossTerm, before: Values, kept: list[int], made: _Made) -> str:
    """Says what changed for the examples that stayed; "" if nothing did."""
    whole, rest = numbers_of(term, before), numbers_of(term, made.values)
    axis = term.batch_axis
    if axis is None:
        if is_close_to(whole.losses, rest.losses):
            return ""
        return "its losses are computed from all examples of a batch"
    if term.axes[axis].startswith(SELECTED):
        if _is_subset(rest.losses, whole.losses, axis):
            return ""
        return "without one example, other losses are selected, or the same ones are other numbers"
    size = len(kept) + 1
    for what, old, new in (
        ("losses", whole.losses, rest.losses),
        ("weights", whole.weights, rest.weights),
    ):
        if old is None or new is None:
            continue
        if not is_close_to(_rows(old, axis, kept, size), _rows(new, axis, made.places, made.size)):
            return f"without one example, the {what} of the others are other numbers"
    return ""


def _rows(values: np.ndarray, axis: int, rows: list[int], size: int) -> np.ndarray:
    """Returns the values of chosen examples, along an axis of one or more elements for each."""
    times, remainder = divmod(values.shape[axis], size)
    if remainder:
        return values[:0]  # no axis of examples: it equals nothing
    chosen = [row * times + element for row in rows for element in range(times)]
    return np.take(values, chosen, axis)


def _is_subset(rows: np.ndarray, of: np.ndarray, axis: int) -> bool:
    """Returns whether each row of an array is, but for rounding, a row of another one."""
    rows, of = (np.moveaxis(array, axis, 0) for array in (rows, of))
    return all(any(is_close_to(row, other) for other in of) for row in rows)


def _claim(status: Status, reason: str = "") -> Claim:
    return Claim(text=TEXT, status=status, probe=PROBE, reason=reason)
