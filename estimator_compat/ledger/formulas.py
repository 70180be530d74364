"""The text of terms and of the operations around them."""

import dataclasses

from estimator_compat.ledger.steps import LossStep, Operation, Role


def shortened(steps: tuple[LossStep, ...]) -> tuple[LossStep, ...]:
    """Leaves out multiplications by 1, and writes a sum over its number of elements as a mean."""
    steps = tuple(s for s in steps if not (s.operation is Operation.MULTIPLY and s.value == 1.0))
    kinds = [
        (s.operation, s.role) for s in steps if s.operation is not Operation.CAST and s.axes != ()
    ]
    for pair in ((Operation.SUM, Role.OTHER), (Operation.DIVIDE_NO_NAN, Role.SIZE)):
        if kinds.count(pair) != 1:
            return steps
    first = next(i for i, s in enumerate(steps) if s.reduces)
    rest = [s for s in steps[first + 1 :] if s.role is not Role.SIZE]
    return (*steps[:first], dataclasses.replace(steps[first], operation=Operation.MEAN), *rest)


def applied(steps: tuple[LossStep, ...], text: str) -> str:
    """Writes the steps around a text, with parentheses where a sum would be torn apart."""
    for step in steps:
        by = f"({step.operand})" if is_compound(step.operand) else step.operand
        if step.operation is Operation.NEGATE:
            text = text[1:] if text.startswith("-") else f"-{text}"
        elif step.operation is Operation.MULTIPLY:
            negative = text.startswith("-")
            text = f"-{by} * {text[1:]}" if negative else f"{by} * {text}"
        elif step.divides:
            text = f"{text} / {by}"
        elif step.operation is Operation.HALF_SQUARE:
            text = f"{f'({text})' if is_compound(text) else text}**2 / 2"
        elif step.operation is Operation.KEEP_WHERE:
            text = f"where({step.operand}, {text}, 0)"
        elif step.operation is Operation.STOP_GRADIENT:
            text = f"stop_gradient({text})"
        elif step.operation in (Operation.SUM, Operation.MEAN):
            text = f"{step.operation.value}({text}{_over(step.axes)})"
    return text


def is_compound(text: str) -> bool:
    """Tells whether a text has an operator outside of all parentheses."""
    depth = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and depth == 0:
            return True
    return False


def _over(axes: tuple[int, ...] | None) -> str:
    if not axes:
        return ""
    return f", axis={axes[0] if len(axes) == 1 else list(axes)}"


def sum_of(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    shown = parts if len(parts) <= 3 else [parts[0], f"... {len(parts) - 2} more ...", parts[-1]]
    return f"({' + '.join(shown)})"
