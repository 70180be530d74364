"""The terms at which the walk ends."""

from __future__ import annotations

import dataclasses
from typing import Any

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Kind as TermKind
from estimator_compat.ledger.values import LossTerm
from migrate.ledger_reading.losses import name_of, stripped
from migrate.ledger_reading.ranks import axes_of, has_axes, plain
from migrate.ledger_reading.values import Depends, Kind, Value, source_of, text_of

Steps = tuple[LossStep, ...]
_UNKNOWN = Depends.INPUT | Depends.UNKNOWN


def line(value: Value) -> Line | None:
    """Returns the line of an expression; None if it is not known."""
    if value.origin is None:
        return None
    number = getattr(value.origin.node, "lineno", None)
    if number is None:
        return None
    return Line(file=value.origin.path, number=number, function=value.origin.function)


def text(value: Value) -> str:
    """Writes an expression in one line."""
    return text_of(value)


def _common(value: Value, steps: Steps) -> dict[str, Any]:
    return {
        "name": "",
        "tensors": (),
        "shape": None,
        "steps": steps,
        "line": line(value),
        "trained": not any(step.operation is Operation.STOP_GRADIENT for step in steps),
    }


def opaque(value: Value, steps: Steps, why: str) -> LossTerm:
    """Returns a term that the walk cannot pass, and says why.

    Args:
      value: What the walk has reached.
      steps: The steps from there to the loss.
      why: What is not known, or what is wrong, in a few words.
    """
    if value.kind is Kind.UNKNOWN and value.data[1]:
        why = value.data[1]
    written = text(value)
    return LossTerm(
        **_common(value, steps),
        kind=TermKind.OPAQUE,
        op=written,
        stopped_by=f"`{written}`: {why}",
    )


def data(value: Value, steps: Steps) -> LossTerm:
    """Returns the term of losses one by one."""
    op = name_of(value) or text(value)
    steps = _negated_first(steps)
    term = LossTerm(**_common(value, steps), kind=TermKind.DATA, op=op)
    if len(term.weightings) < 2:
        return term
    # A divisor that counts or sums the weights may do so for one of the two.
    steps = tuple(
        dataclasses.replace(step, role=Role.OTHER)
        if step.role in (Role.COUNT_NONZERO, Role.SUM_OF_WEIGHTS)
        else step
        for step in steps
    )
    return dataclasses.replace(term, steps=steps)


def _negated_first(steps: Steps) -> Steps:
    """Lets negations cancel each other, and puts one that is left on the losses."""
    if any(step.operation is Operation.HALF_SQUARE for step in steps):
        return steps
    others = tuple(step for step in steps if step.operation is not Operation.NEGATE)
    is_negated = (len(steps) - len(others)) % 2 == 1
    return (LossStep(operation=Operation.NEGATE), *others) if is_negated else others


def losses(value: Value, steps: Steps) -> LossTerm:
    """Returns the term of an expression that is reduced, if it surely has a loss an example."""
    if not value.depends & _UNKNOWN:
        return without_input(value, steps)
    if not value.depends & Depends.INPUT:
        return opaque(value, steps, "whether it depends on the batch is not known")
    if not has_axes(value):
        return opaque(value, steps, "whether it is one loss an example is not known")
    return data(value, steps)


def unreduced(value: Value, steps: Steps) -> LossTerm:
    """Returns the term of a number that no step has reduced."""
    if not value.depends & _UNKNOWN:
        return without_input(value, steps)
    if has_axes(value):
        return opaque(value, steps, "it is not reduced to one number")
    return opaque(value, steps, "it is not linear in losses that are known")


def without_input(value: Value, steps: Steps) -> LossTerm:
    """Returns the term of what does not depend on the batch: a penalty, or a constant."""
    if not value.depends & Depends.VARIABLES:
        op = f"{value.number:.7g}" if value.number is not None else text(value)
        return LossTerm(
            **{**_common(value, steps), "trained": False}, kind=TermKind.CONSTANT, op=op
        )
    op, names = _penalty(value)
    return LossTerm(
        **_common(value, steps), kind=TermKind.REGULARIZATION, op=op or text(value), variables=names
    )


def _penalty(value: Value) -> tuple[str, tuple[str, ...]]:
    """Names the function of each variable that a penalty adds up; "" for other penalties."""
    inner = value
    if plain(inner.name) == "add_n" and inner.args and inner.args[0].kind is Kind.EACH:
        inner = inner.args[0].args[0]
    if inner.name == "regularizer":
        return "", ()
    name, first = plain(inner.name), inner.args[0] if inner.args else inner
    if name == "nn.l2_loss" and _is_variable(first):
        return "l2", _names(first)
    if name in ("reduce_sum", "reduce_mean") and axes_of(inner) is None:
        summed = stripped(first)
        kind = plain(summed.name)
        if kind in ("abs", "square") and summed.args and _is_variable(summed.args[0]):
            if (name, kind) == ("reduce_sum", "abs"):
                return "l1", _names(summed.args[0])
            what = "squares" if kind == "square" else "absolutes"
            return f"{name.removeprefix('reduce_')}_of_{what}", _names(summed.args[0])
    return "", ()


def _is_variable(value: Value) -> bool:
    value = stripped(value)
    return plain(value.name) in ("get_variable", "Variable", "getitem") and not (
        value.depends & _UNKNOWN
    )


def _names(value: Value) -> tuple[str, ...]:
    value = stripped(value)
    name = value.argument("name", position=0) if value.name == "get_variable" else None
    return (str(name.data),) if name is not None and isinstance(name.data, str) else ()


def test_text(value: Value) -> str:
    """Writes the test between two values."""
    return source_of(value.origin) or text(value.args[0])
