"""Recomputes a loss from its ledger, and compares it with the model_fn's own number.

The terms' tensors and the steps' factors are read from the run; the steps are then done once more,
in a graph of their own that knows nothing of the model.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Check, LossLedger, LossTerm
from estimator_compat.runtime import sessions

# Units in the last place of the sum of the terms' absolute values. Adding up a few hundred terms
# in another order than the graph does costs about this much.
TOLERANCE = 32.0

Values = Mapping[str, np.ndarray]


def tensors(ledger: LossLedger) -> tuple[str, ...]:
    """Names the tensors whose values `check` needs for each batch, all from one run."""
    names = [ledger.loss]
    for term in ledger.terms:
        names += [*term.tensors, *(step.tensor for step in term.steps if step.tensor)]
    return tuple(dict.fromkeys(names))


def check(
    ledger: LossLedger, batches: Iterable[Values], *, sizes: Sequence[int] = ()
) -> LossLedger:
    """Recomputes the loss of each batch, and returns the ledger with what came of it.

    Args:
      ledger: What `anatomy.ledger` read.
      batches: For each batch, the values of `tensors(ledger)` by name.
      sizes: How many examples the first of them have, where that is known: the terms' batch axis
        is held against them.

    Raises:
      ValueError: There are no batches.
    """
    compared = [(values, _recomputed(ledger, values)) for values in batches]
    if not compared:
        raise ValueError(
            "`batches` is empty; expected the values of at least one batch; check that the "
            "input_fn yields data."
        )
    ulps = [
        _ulps(values[ledger.loss], *numbers)
        for values, numbers in compared
        if np.all(np.isfinite(values[ledger.loss]))
    ]  # a NaN equals any other: it proves nothing
    worst = max(ulps, default=float("nan"))
    first = np.asarray(compared[0][0][ledger.loss])
    found = Check(
        batches=len(compared),
        worst=worst,
        exact=worst == 0.0,
        passed=worst <= TOLERANCE,
        loss=float(first) if first.size == 1 else float("nan"),
        notes=_notes(ledger, [values for values, _ in compared], sizes),
    )
    sized = list(zip((values for values, _ in compared), sizes, strict=False))
    terms = tuple(_with_batch_axis(term, sized) for term in ledger.terms)
    return dataclasses.replace(ledger, terms=terms, check=found)


def _recomputed(ledger: LossLedger, values: Values) -> tuple[Any, float]:
    """The loss of one batch, and the sum of its terms' absolute values."""
    with tf.Graph().as_default():
        numbers = sessions.values_of([_number(term, values) for term in ledger.terms])
    total = numbers[0] if numbers else np.zeros((), ledger.dtype)
    for number in numbers[1:]:
        total = total + number
    return total, float(sum(np.sum(np.abs(number)) for number in numbers))


def _number(term: LossTerm, values: Values) -> tf.Tensor:
    parts = [tf.constant(values[name]) for name in term.tensors]
    number = parts[0] if len(parts) == 1 else tf.add_n(parts)
    for step in term.steps:
        number = applied(step, number, values.get(step.tensor, step.value))
    return number


def applied(step: LossStep, losses: tf.Tensor, by: Any) -> tf.Tensor:
    """Does one step to `losses`; `by` is the other operand's value, where there is one."""
    if step.operation in (Operation.SUM, Operation.MEAN):
        reduce = tf.reduce_sum if step.operation is Operation.SUM else tf.reduce_mean
        return reduce(losses, axis=None if step.axes is None else list(step.axes))
    if step.operation is Operation.CAST:
        return tf.cast(losses, step.dtype)
    if step.operation is Operation.NEGATE:
        return -losses
    if step.operation is Operation.HALF_SQUARE:
        return losses * losses / 2
    if step.operation is Operation.STOP_GRADIENT:
        return tf.stop_gradient(losses)
    if step.operation is Operation.KEEP_WHERE:
        return tf.where(by, losses, tf.zeros_like(losses))
    by = tf.cast(by, losses.dtype)
    if step.scalar:  # of one element, in whatever rank
        by = tf.reshape(by, [])
    if step.operation is Operation.MULTIPLY:
        return losses * by
    return (
        tf.math.divide_no_nan(losses, by)
        if step.operation is Operation.DIVIDE_NO_NAN
        else losses / by
    )


def _ulps(reported: Any, recomputed: Any, magnitude: float) -> float:
    """The largest difference, in units in the last place of the terms' sum."""
    reported, recomputed = np.asarray(reported), np.asarray(recomputed).reshape(reported.shape)
    if np.array_equal(reported, recomputed, equal_nan=True):
        return 0.0
    largest = max(magnitude, float(np.max(np.abs(reported))))
    if not np.isfinite(largest):
        return float("inf")
    difference = np.max(np.abs(reported.astype(np.float64) - recomputed.astype(np.float64)))
    return float(difference / np.spacing(np.asarray(largest, reported.dtype)))


def _notes(ledger: LossLedger, batches: list[Values], sizes: Sequence[int]) -> tuple[str, ...]:
    notes = [
        f"the loss of batch {index} is {values[ledger.loss]}, which cannot be compared"
        for index, values in enumerate(batches)
        if not np.all(np.isfinite(values[ledger.loss]))
    ]
    if not any(np.any(values[ledger.loss]) for values in batches):
        notes.append("the loss is 0 in every batch: a ledger of 0 would pass, too")
    for term in ledger.data_terms:
        for values, size in zip(batches, sizes, strict=False):
            shape = np.shape(values[term.tensors[0]])
            if not _is_batch_axis(term, shape, size):
                notes.append(
                    f"{term.name} has the shape {shape} in a batch of {size} examples: its axis "
                    f"{term.batch_axis} is not the batch"
                )
                break
    return tuple(notes)


def _is_batch_axis(term: LossTerm, shape: tuple[int, ...], size: int) -> bool:
    """Tells whether the axis that is named after the batch is as long as the batch."""
    axis = term.batch_axis
    if axis is None or not term.axes[axis].startswith("batch"):
        return True
    times = term.axes[axis].partition("*")[2]
    return times == "?" or shape[axis] == size * int(times or 1)


def _with_batch_axis(term: LossTerm, batches: list[tuple[Values, int]]) -> LossTerm:
    """Takes a batch axis back that a batch has shown to be another."""
    if all(_is_batch_axis(term, np.shape(v[term.tensors[0]]), size) for v, size in batches):
        return term
    axes = ("?" if axis == term.batch_axis else name for axis, name in enumerate(term.axes))
    return dataclasses.replace(term, axes=tuple(axes), batch_axis=None)
