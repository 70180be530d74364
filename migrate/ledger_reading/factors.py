"""What a factor of the losses is: weights, a part of the losses, or a number; and divisors."""

from __future__ import annotations

from estimator_compat.ledger.steps import LossStep, Operation, Part, Role
from migrate.ledger_reading.losses import stripped
from migrate.ledger_reading.ranks import axes_of, has_axes, is_number, plain
from migrate.ledger_reading.values import Depends, Kind, Value, text_of

_NOT_NEGATIVE = frozenset(
    {
        *("abs", "equal", "exp", "greater", "greater_equal", "is_finite", "less", "less_equal"),
        *("logical_and", "logical_not", "logical_or", "nn.relu", "nn.sigmoid", "nn.softmax"),
        *("not_equal", "one_hot", "ones", "ones_like", "sequence_mask", "sigmoid", "softmax"),
        *("sqrt", "square", "zeros", "zeros_like", "invert", "nn.softplus"),
    }
)
_KEEPS_SIGN = frozenset(
    {
        *("add", "cast", "divide", "identity", "maximum", "multiply", "reshape", "expand_dims"),
        *("squeeze", "stop_gradient", "to_float", "truediv", "pow", "getitem", "tile"),
    }
)


def number_steps(operation: Operation, factor: Value, part: Part | None = None) -> list[LossStep]:
    """Returns the steps that multiply or divide by a number; its sign is a negation."""
    number = factor.number
    if number is None:
        role = Role.OTHER
        if operation is not Operation.MULTIPLY:
            role = _role_of_divisor(factor)
        return [LossStep(operation=operation, operand=text_of(factor), role=role, part=part)]
    role = Role.OTHER if operation is Operation.MULTIPLY else Role.CONSTANT
    size = abs(number)
    step = LossStep(operation=operation, operand=f"{size:.7g}", value=size, role=role, part=part)
    return [LossStep(operation=Operation.NEGATE), step] if number < 0 else [step]


def _role_of_divisor(divisor: Value) -> Role:
    if not divisor.depends & ~Depends.SETTINGS:
        return Role.CONSTANT
    return Role.BATCH if is_batch_size(divisor) else Role.OTHER


def is_batch_size(value: Value) -> bool:
    """Returns whether a value counts the examples of the batch: `tf.shape(x)[0]`."""
    value = stripped(value)
    if plain(value.name) != "getitem" or len(value.args) != 2:
        return False
    shape, index = value.args
    return plain(shape.name) == "shape" and index.data == 0 and has_axes(shape.args[0])


def summed_by(divisor: Value) -> list[Value]:
    """Returns what a divisor sums or averages, such as weights; with the factors of a product."""
    value = stripped(divisor)
    if plain(value.name) in ("add", "maximum") and len(value.args) == 2:
        for guarded, guard in (value.args, value.args[::-1]):
            if guard.number is not None:
                return summed_by(guarded)
    if plain(value.name) in ("reduce_sum", "reduce_mean") and axes_of(value) is None:
        return list(_factors(stripped(value.args[0])))
    if plain(value.name) == "count_nonzero" and value.args:
        return list(_factors(stripped(value.args[0])))
    return []


def _factors(value: Value) -> list[Value]:
    if plain(value.name) != "multiply" or len(value.args) != 2:
        return [value]
    left, right = value.args
    return [value, *_factors(stripped(left)), *_factors(stripped(right))]


def part_of(factor: Value, declared: list[Value]) -> tuple[bool, Part | None]:
    """Returns whether it is known what a factor with axes is a part of, and the part.

    The part of weights is None.
    """
    inner = stripped(factor)
    if any(inner is each for each in declared):
        return True, None
    if is_not_negative(factor):
        return True, None
    if factor.depends == Depends.FEATURES and _is_plain_input(inner):
        return True, Part.WEIGHTS_IF_NOT_NEGATIVE
    if factor.depends == Depends.LABELS and _is_plain_input(inner):
        return True, Part.LOSSES
    return False, None


def _is_plain_input(value: Value) -> bool:
    while value.kind is Kind.ITEM or plain(value.name) == "getitem":
        value = value.args[0]
    return value.kind is Kind.INPUT


def is_not_negative(value: Value, depth: int = 0) -> bool:
    """Returns whether the ops of a value compute no negative number."""
    if value.number is not None:
        return value.number >= 0
    if depth > 12:
        return False
    if "is_not_negative" not in value.facts:
        value.facts["is_not_negative"] = _computes_no_negative(value, depth)
    found: bool = value.facts["is_not_negative"]
    return found


def _computes_no_negative(value: Value, depth: int) -> bool:
    if value.kind is Kind.EITHER:
        return all(is_not_negative(each, depth + 1) for each in value.args[1:])
    name = plain(value.name)
    if name in _NOT_NEGATIVE:
        return True
    if name not in _KEEPS_SIGN or not value.args:
        return False
    if name == "maximum":
        return any(is_not_negative(each, depth + 1) for each in value.args[:2])
    if name in ("add", "divide", "multiply", "truediv"):
        return all(is_not_negative(each, depth + 1) for each in value.args[:2])
    return is_not_negative(value.args[0], depth + 1)


def weights_step(operation: Operation, factor: Value, part: Part | None) -> LossStep:
    """Returns the step that multiplies losses by weights, or masks them."""
    return LossStep(
        operation=operation,
        operand=text_of(stripped(factor)),
        scalar=is_number(factor),
        part=part,
    )
