"""Writes the formulas of terms: their losses and the steps that lead to the loss."""

import dataclasses

from estimator_compat.ledger.steps import LossStep, Operation, Role


def shortened(steps: tuple[LossStep, ...]) -> tuple[LossStep, ...]:
    """Leaves out multiplications by 1, and replaces a sum divided by its size with a mean."""
    steps = tuple(s for s in steps if not (s.operation is Operation.MULTIPLY and s.value == 1.0))
    operations = [
        (s.operation, s.role) for s in steps if s.operation is not Operation.CAST and s.axes != ()
    ]
    for pair in ((Operation.SUM, Role.OTHER), (Operation.DIVIDE_NO_NAN, Role.SIZE)):
        if operations.count(pair) != 1:
            return steps
    first = next(i for i, s in enumerate(steps) if s.reduces)
    mean = dataclasses.replace(steps[first], operation=Operation.MEAN)
    return (*steps[:first], mean, *(s for s in steps[first + 1 :] if s.role is not Role.SIZE))


def applied(steps: tuple[LossStep, ...], text: str) -> str:
    """Writes the formula of the steps, applied to the expression `text`.

    Expressions with an operator get parentheses where the formula needs them.
    """
    for step in steps:
        operand = f"({step.operand})" if is_compound(step.operand) else step.operand
        if step.operation is Operation.NEGATE:
            text = text[1:] if text.startswith("-") else f"-{text}"
        elif step.operation in (Operation.MULTIPLY, Operation.MULTIPLY_NO_NAN):
            negative = text.startswith("-")
            text = f"-{operand} * {text[1:]}" if negative else f"{operand} * {text}"
        elif step.divides:
            text = f"{text} / {operand}"
        elif step.operation is Operation.HALF_SQUARE:
            text = f"{f'({text})' if is_compound(text) else text}**2 / 2"
        elif step.operation is Operation.KEEP_WHERE:
            text = f"where({step.operand}, {text}, 0)"
        elif step.operation is Operation.DROP_WHERE:
            text = f"where({step.operand}, 0, {text})"
        elif step.operation is Operation.STOP_GRADIENT:
            text = f"stop_gradient({text})"
        elif step.operation in (Operation.SUM, Operation.MEAN):
            text = f"{step.operation.value}({text}{_axis(step.axes)})"
    return text


def is_compound(text: str) -> bool:
    """Returns whether an expression has an operator outside of all parentheses."""
    depth = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and depth == 0:
            return True
    return False


def _axis(axes: tuple[int, ...] | None) -> str:
    """Writes the argument `axis` of a reduction; "" if it reduces all axes, or a scalar."""
    if not axes:
        return ""
    return f", axis={axes[0] if len(axes) == 1 else list(axes)}"


def sum_of(addends: list[str]) -> str:
    """Writes a sum; of more than three addends only the first and the last."""
    if len(addends) == 1:
        return addends[0]
    if len(addends) > 3:
        addends = [addends[0], f"... {len(addends) - 2} more ...", addends[-1]]
    return f"({' + '.join(addends)})"
