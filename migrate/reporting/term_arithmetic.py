"""Computes a term of a loss from invented losses and weights, by the steps of its ledger."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimator_compat.ledger.steps import LossStep, Operation, Part, Role
from estimator_compat.ledger.values import Kind, LossTerm

Array = Any  # a NumPy array, or a number of NumPy

_UNKNOWN_SIZE = 3  # of an axis whose size the ledger does not know
_LARGEST_SIZE = 4096
# A sum of weights with a small number, which keeps the divisor from being 0.
_SUM_AND_NUMBER = re.compile(r"sum\((.*)\) \+ ([0-9.e-]+)")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The invented examples of a batch.

    Attributes:
      losses: The loss of each; all elements of an example have the same.
      weights: The weight of each.
      full: The number of examples in a full batch, which some losses are divided by.
    """

    losses: tuple[float, ...]
    weights: tuple[float, ...]
    full: int


class NotComputable(Exception):
    """A step cannot be computed from the losses and weights; the message is the reason."""


def examples(
    losses: Sequence[float], weights: Sequence[float] | None = None, *, full: int | None = None
) -> Examples:
    """Returns examples; without `weights`, all have the weight 1."""
    given = tuple(weights) if weights is not None else (1.0,) * len(losses)
    return Examples(losses=tuple(losses), weights=given, full=full or len(losses))


def compute(term: LossTerm, batch: Examples) -> float:
    """Computes a term of per-example losses.

    The first weighting has the weights of the examples; all other factors that are not numbers are
    1. A divisor is what its role says.

    Raises:
      NotComputable: The term, or a step, is not of that kind.
    """
    if term.kind is not Kind.DATA or term.batch_axis is None:
        raise NotComputable("no axis of the losses is known to be the batch")
    value = _losses(term, batch)
    state = _State(value=value, batch_axis=term.batch_axis, size=value.size)
    for step in term.steps:
        _apply(step, state, batch)
    if np.ndim(state.value):
        raise NotComputable("the losses are not reduced to one number")
    return float(state.value)


def with_axes(term: LossTerm) -> LossTerm:
    """Returns a term whose losses have axes: those of a term without any are invented.

    The batch is the first axis. There are as many others as the reductions name or need.
    """
    if term.axes or term.kind is not Kind.DATA:
        return term
    reduced = [step.axes for step in term.steps if step.reduces]
    named = [axis for axes in reduced for axis in axes or ()]
    rank = max([1, len(reduced) if named else 1, *(axis + 1 for axis in named)])
    return dataclasses.replace(term, axes=("batch",) + ("?",) * (rank - 1), batch_axis=0)


def sizes(term: LossTerm) -> tuple[int, ...]:
    """Returns the sizes of the axes other than the batch; an unknown size is 3 here.

    Raises:
      NotComputable: An axis has no size of its own.
    """
    found = []
    for index, axis in enumerate(term.axes):
        if index == term.batch_axis:
            if axis != "batch":
                raise NotComputable(f"the axis {axis!r} is a part of the batch")
            continue
        size = int(axis) if axis.isdecimal() else _UNKNOWN_SIZE if axis == "?" else 0
        if not 0 < size <= _LARGEST_SIZE:
            raise NotComputable(f"the axis {axis!r} has no size of its own")
        found.append(size)
    return tuple(found)


def has_unknown_size(term: LossTerm) -> bool:
    """Tells whether the size of an axis was invented."""
    return any(axis == "?" for axis in term.axes)


@dataclasses.dataclass(slots=True)
class _State:
    value: Array
    batch_axis: int | None  # None after a reduction over the batch
    size: int
    weights: Array = 1.0  # all weights so far, broadcast to the losses
    is_weighted: bool = False
    operand: str = ""  # the weights' expression


def _losses(term: LossTerm, batch: Examples) -> Array:
    shape = list(sizes(term))
    assert term.batch_axis is not None
    shape.insert(term.batch_axis, len(batch.losses))
    column = np.array(batch.losses, np.float64)
    return np.broadcast_to(_along(column, term.batch_axis, len(shape)), shape).copy()


def _along(values: Array, axis: int, rank: int) -> Array:
    """Returns a vector as an array that lies along one axis."""
    return values.reshape([-1 if index == axis else 1 for index in range(rank)])


def _apply(step: LossStep, state: _State, batch: Examples) -> None:
    if step.reduces:
        _reduce(step, state)
    elif step.divides:
        divisor = _divisor(step, state, batch)
        is_safe = step.operation is Operation.DIVIDE_NO_NAN
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = np.divide(state.value, divisor)
        state.value = np.zeros_like(quotient) if is_safe and divisor == 0 else quotient
    elif step.multiplies:
        _multiply(step, state, batch)
    elif step.operation is Operation.NEGATE:
        state.value = -state.value
    elif step.operation is Operation.HALF_SQUARE:
        state.value = state.value**2 / 2


def _reduce(step: LossStep, state: _State) -> None:
    rank = np.ndim(state.value)
    axes = tuple(range(rank)) if step.axes is None else tuple(axis % rank for axis in step.axes)
    function = np.sum if step.operation is Operation.SUM else np.mean
    state.value = function(state.value, axis=axes)
    if state.batch_axis is not None:
        before = sum(axis < state.batch_axis for axis in axes)
        state.batch_axis = None if state.batch_axis in axes else state.batch_axis - before


def _multiply(step: LossStep, state: _State, batch: Examples) -> None:
    if step.value is not None:
        state.value = state.value * step.value
        return
    if not step.weights or state.is_weighted or state.batch_axis is None:
        return  # a factor of 1
    weights = _along(np.array(batch.weights), state.batch_axis, np.ndim(state.value))
    state.weights = np.broadcast_to(weights, np.shape(state.value))
    state.value = state.value * weights
    state.is_weighted = True
    state.operand = step.operand


def _divisor(step: LossStep, state: _State, batch: Examples) -> float:
    if step.part is Part.TERM:
        raise NotComputable(f"it is divided by {step.operand}")
    weights = state.weights if state.is_weighted else np.ones(state.size)
    if step.role is Role.SIZE:
        return float(state.size)
    if step.role is Role.BATCH:
        return float(len(batch.losses))
    if step.role is Role.COUNT_NONZERO:
        return float(np.count_nonzero(weights))
    if step.role is Role.SUM_OF_WEIGHTS:
        return float(np.sum(weights))
    if step.role is Role.CONSTANT and step.value is not None:
        return float(step.value)
    if step.role is Role.CONSTANT and "batch" in step.operand.lower():
        return float(batch.full)
    found = _SUM_AND_NUMBER.fullmatch(step.operand)
    if found is not None and state.is_weighted and found[1] == state.operand:
        return float(np.sum(weights)) + float(found[2])
    raise NotComputable(f"it is divided by {step.operand}")
