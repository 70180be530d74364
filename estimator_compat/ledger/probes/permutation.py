"""The probe "permutation": the batch axis is the one that moves when the examples move."""

import dataclasses
import itertools

import numpy as np

from estimator_compat.ledger.axis_names import BATCH, SELECTED
from estimator_compat.ledger.explanations import NO_BATCH_AXIS
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed
from estimator_compat.ledger.probes.term_numbers import TOLERANCE, numbers_of
from estimator_compat.ledger.values import Claim, LossTerm, Status

PROBE = "permutation"
_SHOWN, _REFUTED, _NOT_KNOWN = Status.SHOWN, Status.REFUTED, Status.NOT_KNOWN


def probe(term: LossTerm, bench: Bench) -> tuple[LossTerm, Claim]:
    """Finds the axes of a term's losses that move with the examples.

    Returns:
      The term, with the batch axis that moves; and the claim about it.
    """
    text = _text(term)
    if reason := bench.reason or ("" if bench.size > 1 else "the batch has one example"):
        return term, _claim(text, _NOT_KNOWN, reason)
    order = derangement(bench.size)
    try:
        before, after = (numbers_of(term, v).losses for v in (bench.whole, bench.of(order)))
    except CannotFeed as error:
        return term, _claim(text, _NOT_KNOWN, str(error))
    if term.batch_axis is not None and term.axes[term.batch_axis].startswith(SELECTED):
        if same_rows(before, after, term.batch_axis):
            return term, _claim(text, _SHOWN)
        reason = "with the examples in another order, other losses are selected"
        return term, _claim(text, _REFUTED, reason)
    return _judged(term, text, before, after, order)


def _judged(
    term: LossTerm, text: str, before: np.ndarray, after: np.ndarray, order: list[int]
) -> tuple[LossTerm, Claim]:
    moving = [a for a in range(before.ndim) if moved(before, (a,), order, after)]
    if term.batch_axis in moving:
        if len(moving) == 1:
            return term, _claim(text, _SHOWN)
        return term, _claim(text, _NOT_KNOWN, "the losses are the same along several axes")
    if not moving:
        pairs = itertools.combinations(range(before.ndim), 2)
        if any(moved(before, pair, order, after) for pair in pairs):
            reason = "two axes move together with the examples: the losses are of pairs of examples"
            return term, _claim(text, _REFUTED, reason)
        if is_close_to(before, after):
            reason = "no axis moves with the examples: the losses are of the whole batch"
        else:
            reason = "with the examples in another order, the losses are other numbers"
            if term.batch_axis is None:
                return term, _claim(text, _NOT_KNOWN, reason)
        status = _SHOWN if term.batch_axis is None else _REFUTED
        return _without_batch_axis(term), _claim(text, status, reason)
    if len(moving) > 1:
        return term, _claim(text, _NOT_KNOWN, "the losses are the same along several axes")
    (axis,) = moving
    size = before.shape[axis] // len(order)
    name = BATCH if size == 1 else f"{BATCH}*{size}"
    renamed = _without_batch_axis(term)
    if term.shape is None:  # the values know the rank, which the graph does not
        renamed = dataclasses.replace(renamed, axes=("?",) * before.ndim)
    axes = (*renamed.axes[:axis], name, *renamed.axes[axis + 1 :])
    renamed = dataclasses.replace(renamed, axes=axes, batch_axis=axis)
    return renamed, _claim(_text(renamed), _SHOWN)


def derangement(size: int) -> list[int]:
    """Returns an order of examples in which none is at its place, if there is more than one."""
    return [(row + size // 2) % size for row in range(size)]


def moved(before: np.ndarray, axes: tuple[int, ...], order: list[int], after: np.ndarray) -> bool:
    """Returns whether losses are the losses before, reordered along axes.

    An axis of several elements for each example is reordered example by example.
    """
    for axis in axes:
        times, remainder = divmod(before.shape[axis], len(order))
        if remainder or not times:
            return False
        shape = (*before.shape[:axis], len(order), times, *before.shape[axis + 1 :])
        before = np.take(before.reshape(shape), order, axis).reshape(before.shape)
    return is_close_to(before, after)


def is_close_to(first: np.ndarray, second: np.ndarray) -> bool:
    """Returns whether two arrays are equal but for rounding."""
    if first.shape != second.shape:
        return False
    scale = float(np.max(np.abs(first[np.isfinite(first)]), initial=0.0))
    return bool(np.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True))


def same_rows(first: np.ndarray, second: np.ndarray, axis: int) -> bool:
    """Returns whether two arrays have the same rows along an axis, in any order."""
    if first.shape != second.shape:
        return False
    rows = [np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in (first, second)]
    rows = [array[np.lexsort(array.T[::-1])] if array.size else array for array in rows]
    return is_close_to(*rows)


def _without_batch_axis(term: LossTerm) -> LossTerm:
    names = tuple("?" if axis == term.batch_axis else name for axis, name in enumerate(term.axes))
    return dataclasses.replace(term, axes=names, batch_axis=None)


def _text(term: LossTerm) -> str:
    if term.batch_axis is None:
        return NO_BATCH_AXIS
    if term.axes[term.batch_axis].startswith(SELECTED):
        return (
            f"Axis {term.batch_axis} of the losses has elements that are selected from the batch."
        )
    return f"Axis {term.batch_axis} of the losses is the batch."


def _claim(text: str, status: Status, reason: str = "") -> Claim:
    return Claim(text=text, status=status, probe=PROBE, reason=reason)
