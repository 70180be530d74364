"""Recomputes a loss from its ledger, and compares it with the loss of the model_fn.

A session of the model's graph gives the values of the terms' tensors and of the steps' operands.
The steps are then applied to these values in another graph, without the model.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Check, LossLedger, LossTerm
from estimator_compat.runtime import sessions
from estimator_compat.type_aliases import Tensor

# The largest accepted difference, in units in the last place of the sum of the terms' absolute
# values. A few hundred terms, added up in another order than in the graph, differ about as much.
TOLERANCE = 32.0

Values = Mapping[str, np.ndarray]


def tensors(ledger: LossLedger) -> tuple[str, ...]:
    """Names the tensors whose values `check` needs for each batch, all from one session run."""
    names = [ledger.loss]
    for term in ledger.terms:
        names += [*term.tensors, *(step.tensor for step in term.steps if step.tensor)]
    return tuple(dict.fromkeys(names))


def check(
    ledger: LossLedger, batches: Iterable[Values], *, sizes: Sequence[int] = ()
) -> LossLedger:
    """Recomputes the loss of each batch.

    Args:
      ledger: A ledger that `reader.ledger` read.
      batches: For each batch, the values of `tensors(ledger)` by name.
      sizes: The number of examples in the first batches, as far as they are known. The sizes of the
        terms' batch axes are compared with them.

    Returns:
      The ledger with its `check`. If the batch axis of a term has another size than a batch, the
      term gets no batch axis.

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
    ]  # a loss of NaN is left out: it would equal any other NaN
    worst = max(ulps, default=float("nan"))
    first = np.asarray(compared[0][0][ledger.loss])
    result = Check(
        batches=len(compared),
        worst=worst,
        exact=worst == 0.0,
        passed=worst <= TOLERANCE,
        loss=float(first) if first.size == 1 else float("nan"),
        notes=_notes(ledger, [values for values, _ in compared], sizes),
    )
    sized_batches = list(zip((values for values, _ in compared), sizes, strict=False))
    terms = tuple(_with_checked_axis(term, sized_batches) for term in ledger.terms)
    return dataclasses.replace(ledger, terms=terms, check=result)


def _recomputed(ledger: LossLedger, values: Values) -> tuple[Any, float]:
    """Returns the loss of one batch, and the sum of its terms' absolute values."""
    with tf.Graph().as_default():
        numbers = sessions.values_of([_number(term, values) for term in ledger.terms])
    total = numbers[0] if numbers else np.zeros((), ledger.dtype)
    for number in numbers[1:]:
        total = total + number
    return total, float(sum(np.sum(np.abs(number)) for number in numbers))


def _number(term: LossTerm, values: Values) -> tf.Tensor:
    """Computes the number that a term adds to the loss."""
    losses = [tf.constant(values[name]) for name in term.tensors]
    number = losses[0] if len(losses) == 1 else tf.add_n(losses)
    for step in term.steps:
        number = applied(step, number, values.get(step.tensor, step.value))
    return number


def applied(step: LossStep, losses: tf.Tensor, operand: Tensor | None) -> tf.Tensor:
    """Applies one step to losses.

    Args:
      step: The step.
      losses: The losses, or the result of the steps before this step.
      operand: The value of the step's operand: a number or a tensor. None for steps without one.
    """
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
        return tf.where(operand, losses, tf.zeros_like(losses))
    if step.operation is Operation.DROP_WHERE:
        return tf.where(operand, tf.zeros_like(losses), losses)
    # `tf.cast` would round a Python number to float32 first, also for losses of float64.
    is_number = isinstance(operand, int | float)
    operand = tf.constant(operand, losses.dtype) if is_number else tf.cast(operand, losses.dtype)
    if step.scalar:  # one element, in a tensor of any rank
        operand = tf.reshape(operand, [])
    if step.operation is Operation.MULTIPLY:
        return losses * operand
    if step.operation is Operation.MULTIPLY_NO_NAN:
        return tf.math.multiply_no_nan(losses, operand)
    if step.operation is Operation.DIVIDE_NO_NAN:
        return tf.math.divide_no_nan(losses, operand)
    return losses / operand


def _ulps(reported: Any, recomputed: Any, magnitude: float) -> float:
    """Returns the largest difference of two losses, in units in the last place.

    Args:
      reported: The loss of the model_fn.
      recomputed: The loss that was recomputed from the ledger.
      magnitude: The sum of the terms' absolute values. The unit is this number's last place.
    """
    reported, recomputed = np.asarray(reported), np.asarray(recomputed).reshape(reported.shape)
    if np.array_equal(reported, recomputed, equal_nan=True):
        return 0.0
    largest = max(magnitude, float(np.max(np.abs(reported))))
    if not np.isfinite(largest):
        return float("inf")
    difference = np.max(np.abs(reported.astype(np.float64) - recomputed.astype(np.float64)))
    return float(difference / np.spacing(np.asarray(largest, reported.dtype)))


def _notes(ledger: LossLedger, batches: list[Values], sizes: Sequence[int]) -> tuple[str, ...]:
    """Describes losses that cannot be compared, and axes that are not the batch."""
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
    """Returns whether the size of a term's batch axis equals the size of the batch."""
    axis = term.batch_axis
    if axis is None or not term.axes[axis].startswith("batch"):
        return True
    times = term.axes[axis].partition("*")[2]
    return times == "?" or shape[axis] == size * int(times or 1)


def _with_checked_axis(term: LossTerm, batches: list[tuple[Values, int]]) -> LossTerm:
    """Returns the term, without its batch axis if the axis has another size than a batch."""
    if all(_is_batch_axis(term, np.shape(v[term.tensors[0]]), size) for v, size in batches):
        return term
    axes = ("?" if axis == term.batch_axis else name for axis, name in enumerate(term.axes))
    return dataclasses.replace(term, axes=tuple(axes), batch_axis=None)
