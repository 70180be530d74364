"""Walks from a loss back to its unreduced losses, as `estimator_compat.ledger` does in a graph.

The walk passes what is linear in the losses. It splits at every addition. What it cannot pass is a
term of its own, which says why.
"""

from __future__ import annotations

import dataclasses

from estimator_compat.ledger.steps import LossStep, Operation, Part, Role
from estimator_compat.ledger.values import Kind as TermKind
from estimator_compat.ledger.values import LossTerm
from migrate.ledger_reading import (
    alternatives,
    factors,
    heads,
    keras_losses,
    leaves,
    tensorflow_losses,
)
from migrate.ledger_reading.losses import holds_loss, name_of, stripped
from migrate.ledger_reading.ranks import (
    axes_of,
    has_axes,
    is_number,
    keeps_dims,
    may_be_moved,
    may_enlarge,
    plain,
)
from migrate.ledger_reading.values import Depends, Kind, Value

Terms = list[LossTerm]
Steps = tuple[LossStep, ...]
_REDUCTIONS = {"reduce_mean": Operation.MEAN, "reduce_sum": Operation.SUM}
_QUOTIENTS = {
    "divide": Operation.DIVIDE,
    "truediv": Operation.DIVIDE,
    "realdiv": Operation.DIVIDE,
    "div": Operation.DIVIDE,
    "div_no_nan": Operation.DIVIDE_NO_NAN,
    "divide_no_nan": Operation.DIVIDE_NO_NAN,
}
_ADDITIONS = ("add", "subtract", "add_n", "accumulate_n")
_SELECTIONS = ("boolean_mask", "gather", "gather_nd")
_MOST_TERMS = 60
_MOST_CALLS = 600
_DEEPEST = 120


class Walk:
    """Walks back from one loss."""

    def __init__(self) -> None:
        self._count = 0
        self._depth = 0

    def terms(self, value: Value, steps: Steps = ()) -> Terms:
        """Returns the terms that a value adds to the loss after some steps."""
        self._count += 1
        if self._count > _MOST_CALLS or self._depth > _DEEPEST:
            return [leaves.opaque(value, steps, "the loss has too many parts")]
        self._depth += 1
        try:
            if any(step.reduces for step in steps):
                return self._elements(value, steps)
            return self._number(value, steps)
        finally:
            self._depth -= 1

    # What is one number.

    def _number(self, value: Value, steps: Steps) -> Terms:
        value = stripped(value)
        name = plain(value.name)
        if value.kind is Kind.EITHER:
            return self._either(value, steps)
        if value.kind is Kind.LIST:
            return [leaves.opaque(value, steps, "it is a list")]
        if value.kind is not Kind.CALL:
            return [leaves.unreduced(value, steps)]
        if name in _ADDITIONS:
            return self._sum(value, name, steps)
        if name == "negative":
            return self.terms(value.args[0], (LossStep(operation=Operation.NEGATE), *steps))
        if name == "stop_gradient":
            step = LossStep(operation=Operation.STOP_GRADIENT)
            return self.terms(value.args[0], (step, *steps))
        if name == "multiply" and len(value.args) >= 2:
            return self._product(value, steps)
        if name in _QUOTIENTS and len(value.args) >= 2:
            return self._quotient(value, _QUOTIENTS[name], steps)
        if name in _REDUCTIONS:
            return self._reduction(value, _REDUCTIONS[name], steps)
        if tensorflow_losses.is_v1_loss(value.name):
            return self._v1_loss(value, steps)
        if name == "nn.l2_loss" and value.args[0].depends & Depends.INPUT:
            half = LossStep(operation=Operation.HALF_SQUARE)
            return self.terms(value.args[0], (half, LossStep(operation=Operation.SUM), *steps))
        if name == "nn.compute_average_loss":
            return self._average_loss(value, steps)
        special = heads.losses(value) or keras_losses.losses(value)
        if special is not None:
            return self._special(special, steps)
        return [leaves.unreduced(value, steps)]

    def _special(self, found: heads.Reduced, steps: Steps) -> Terms:
        if found.why:
            return [leaves.opaque(found.losses, steps, found.why)]
        terms = self._weighted(found.losses, found.weights, found.reduction, steps)
        if found.op:
            terms = [
                dataclasses.replace(
                    leaves.data(found.losses, term.steps), op=found.op, axes=found.axes
                )
                if term.kind is not TermKind.OPAQUE or _is_of_losses(term)
                else term
                for term in terms
            ]
        for more in found.more:
            terms += self.terms(more, steps)
        return terms

    def _sum(self, value: Value, name: str, steps: Steps) -> Terms:
        if name in ("add_n", "accumulate_n"):
            return self._sum_of_list(value, steps)
        left, right = value.args[:2]
        after = steps
        if name == "subtract":
            after = (LossStep(operation=Operation.NEGATE), *steps)
        return [*self.terms(left, steps), *self.terms(right, after)]

    def _sum_of_list(self, value: Value, steps: Steps) -> Terms:
        addends = value.argument("inputs", position=0)
        if addends is not None and addends.kind is Kind.UNKNOWN:
            return [leaves.opaque(addends, steps, "the list is not known")]
        if addends is None or addends.kind is not Kind.LIST:
            return [leaves.unreduced(value, steps)]
        if len(addends.args) > _MOST_TERMS:
            return [leaves.opaque(value, steps, "the loss has too many parts")]
        return [term for each in addends.args for term in self.terms(each, steps)]

    def _product(self, value: Value, steps: Steps) -> Terms:
        pair = _loss_and_factor(*value.args[:2])
        if pair is None:
            if not value.depends & (Depends.INPUT | Depends.UNKNOWN):
                return [leaves.unreduced(value, steps)]
            why = "either of its factors may be the loss"
            return [leaves.opaque(value, steps, why)]
        loss, factor = pair
        if has_axes(factor):
            why = f"`{leaves.text(factor)}` is not one number"
            return [leaves.opaque(value, steps, why)]
        return self.terms(loss, (*factors.number_steps(Operation.MULTIPLY, factor), *steps))

    def _quotient(self, value: Value, operation: Operation, steps: Steps) -> Terms:
        loss, divisor = value.args[:2]
        is_loss = divisor.depends & Depends.INPUT and divisor.depends & Depends.VARIABLES
        if is_loss or has_axes(divisor):
            return [leaves.opaque(value, steps, f"its divisor `{leaves.text(divisor)}`")]
        step = factors.number_steps(operation, divisor)
        return self._declaring(loss, (*step, *steps), factors.summed_by(divisor))

    def _declaring(self, loss: Value, steps: Steps, declared: list[Value]) -> Terms:
        before, self._declared = self._declared, [*self._declared, *declared]
        try:
            return self.terms(loss, steps)
        finally:
            self._declared = before

    _declared: list[Value] = []  # noqa: RUF012 - replaced, never changed

    def _reduction(self, value: Value, operation: Operation, steps: Steps) -> Terms:
        inner = value.argument("input_tensor", position=0)
        if inner is None:
            return [leaves.unreduced(value, steps)]
        if not inner.depends & (Depends.INPUT | Depends.UNKNOWN):
            return [leaves.unreduced(value, steps)]
        axes = axes_of(value)
        if axes == "?" or (axes is not None and keeps_dims(value)):
            return [leaves.opaque(value, steps, "the axes of the reduction")]
        assert not isinstance(axes, str)
        if axes is not None and has_axes(value):
            return [leaves.opaque(value, steps, "it is not reduced to one number")]
        if is_number(stripped(inner)):
            axes = ()
        step = LossStep(operation=operation, axes=axes, line=leaves.line(value))
        return self.terms(inner, (step, *steps))

    def _v1_loss(self, value: Value, steps: Steps) -> Terms:
        reduction = tensorflow_losses.reduction_of(value)
        weights = tensorflow_losses.weights_of(value)
        losses = value
        if value.name.endswith("compute_weighted_loss"):
            given = value.argument("losses", position=0)
            if given is None:
                return [leaves.unreduced(value, steps)]
            losses = given
        if reduction == "":
            return [leaves.opaque(value, steps, "its `reduction`")]
        return self._weighted(losses, weights, reduction, steps)

    def _average_loss(self, value: Value, steps: Steps) -> Terms:
        losses = value.argument("per_example_loss", position=0)
        if losses is None:
            return [leaves.unreduced(value, steps)]
        weights = value.argument("sample_weight", position=1)
        size = value.argument("global_batch_size", position=2)
        if size is None or size.is_none:
            return [leaves.opaque(value, steps, "it names no `global_batch_size`")]
        division = factors.number_steps(Operation.DIVIDE, size)
        return self._weighted(losses, weights, "sum", (*division, *steps))

    def _weighted(
        self, losses: Value, weights: Value | None, reduction: str, steps: Steps
    ) -> Terms:
        """Returns the terms of losses that `tf.losses` weights and reduces."""
        if weights is not None and weights.number == 1.0:
            weights = None
        if weights is not None and weights.kind is Kind.EITHER:
            made = [self._weighted(losses, each, reduction, steps) for each in weights.args[1:]]
            return alternatives.joined(weights, made[0], made[1], steps)
        before: Steps = ()
        if weights is not None:
            if weights.number is not None and weights.number > 0:
                before = tuple(factors.number_steps(Operation.MULTIPLY, weights))
            elif is_number(weights) or has_axes(weights) or _is_most_likely_weights(weights):
                before = (factors.weights_step(Operation.MULTIPLY, weights, None),)
            else:
                why = f"whether its weights `{leaves.text(weights)}` are one number"
                return [leaves.opaque(losses, steps, why)]
        if reduction == "none":
            return [leaves.opaque(losses, steps, "it is not reduced")]
        after: Steps = (LossStep(operation=Operation.SUM, line=leaves.line(losses)),)
        role = None if reduction == "sum" else _role(reduction, weights)
        if role is not None:
            divisor = "size" if role is Role.SIZE or weights is None else leaves.text(weights)
            after += (
                LossStep(
                    operation=Operation.DIVIDE_NO_NAN,
                    operand=_DIVISORS[role].format(divisor),
                    role=role,
                ),
            )
        return self._elements(losses, (*before, *after, *steps))

    # What has an axis and is reduced by a later step.

    def _elements(self, value: Value, steps: Steps) -> Terms:
        reduction = next(step for step in steps if step.reduces)
        value = stripped(value) if reduction.axes is None else value
        name = plain(value.name)
        if value.kind is Kind.EITHER:
            return self._either(value, steps)
        if value.kind is Kind.LIST:
            return self._stack(value, steps)
        if name == "stack" and value.args and _is_list_of_numbers(value.args[0]):
            return self._stack(value.args[0], steps)
        v1 = tensorflow_losses.loss_of(value.name)
        if v1 is not None:
            return self._v1_elements(value, v1.op, steps)
        if name_of(value):
            return [leaves.data(value, steps)]
        if name in _SELECTIONS and value.args and holds_loss(value.args[0]):
            return self._selected(value, steps)
        if name == "multiply" and len(value.args) >= 2:
            return self._weighted_elements(value, steps)
        if name in ("where", "where_v2") and len(value.args) == 3:
            return self._masked(value, steps)
        if name == "negative" and not self._is_leaf_negation(value):
            step = LossStep(operation=Operation.NEGATE)
            return self.terms(value.args[0], (step, *steps))
        if name in _REDUCTIONS:
            return self._inner_reduction(value, _REDUCTIONS[name], steps)
        return [leaves.losses(value, steps)]

    def _is_leaf_negation(self, value: Value) -> bool:
        return not _has_weights(stripped(value.args[0]))

    def _v1_elements(self, value: Value, op: str, steps: Steps) -> Terms:
        """Losses of `tf.losses`, which some step reduces."""
        losses, weights = value, tensorflow_losses.weights_of(value)
        if tensorflow_losses.reduction_of(value) != "none":
            weights = None  # the step that reduces them came with them
        elif not op:
            losses = value.argument("losses", position=0) or value
        if weights is not None and weights.number != 1.0:
            if not (has_axes(weights) or _is_most_likely_weights(weights)):
                return [leaves.opaque(value, steps, "its weights")]
            steps = (factors.weights_step(Operation.MULTIPLY, weights, None), *steps)
        if op:
            return [leaves.data(losses, steps)]
        if losses is value:
            return [leaves.opaque(value, steps, "it is reduced already")]
        return self.terms(losses, steps)

    def _stack(self, value: Value, steps: Steps) -> Terms:
        """Splits a reduced list of numbers."""
        numbers = [stripped(each) for each in value.args]
        if not numbers or not all(map(is_number, numbers)) or not steps[0].reduces:
            return [leaves.opaque(value, steps, "the axes of its elements")]
        after = steps[1:]
        if steps[0].operation is Operation.MEAN:
            count = len(numbers)
            division = LossStep(
                operation=Operation.DIVIDE,
                operand=str(count),
                value=float(count),
                role=Role.CONSTANT,
            )
            after = (division, *after)
        return [term for each in numbers for term in self.terms(each, after)]

    def _selected(self, value: Value, steps: Steps) -> Terms:
        if name_of(stripped(value.args[0])) == "":
            return [leaves.opaque(value, steps, "what it selects from")]
        term = leaves.data(stripped(value.args[0]), steps)
        return [dataclasses.replace(term, axes=("selected",))]

    def _weighted_elements(self, value: Value, steps: Steps) -> Terms:
        pair = _loss_and_factor(*value.args[:2])
        if pair is None:
            if value.depends & Depends.UNKNOWN:
                return [leaves.opaque(value, steps, "which of its factors are weights")]
            return [leaves.losses(value, steps)]
        loss, factor = pair
        if factor.number is not None or is_number(factor):
            return self._scaled(value, loss, factor, steps)
        if not has_axes(loss):
            return [leaves.opaque(value, steps, f"the axes of `{leaves.text(loss)}`")]
        if not has_axes(factor):
            why = f"whether `{leaves.text(factor)}` is one number"
            return [leaves.opaque(value, steps, why)]
        if may_enlarge(loss, factor):
            why = f"whether `{leaves.text(factor)}` has the shape of the losses"
            return [leaves.opaque(value, steps, why)]
        if any(step.operation is Operation.HALF_SQUARE for step in steps):
            return [leaves.losses(value, steps)]
        is_known, part = factors.part_of(factor, self._declared)
        if not is_known or _is_log(loss) or (part is not None and _is_negated(steps)):
            return [leaves.opaque(value, steps, f"what `{leaves.text(factor)}` is")]
        if part is Part.LOSSES:
            return [leaves.losses(value, steps)]
        step = factors.weights_step(Operation.MULTIPLY, factor, part)
        return self._elements(loss, (step, *steps))

    def _scaled(self, value: Value, loss: Value, factor: Value, steps: Steps) -> Terms:
        """Losses times a number: the number is a part of them, unless weights stand behind it."""
        if not _has_weights(stripped(loss)):
            if factor.number is None and factor.depends & Depends.INPUT:
                return [leaves.opaque(value, steps, f"what `{leaves.text(factor)}` is")]
            return [leaves.losses(value, steps)]
        scale = factors.number_steps(Operation.MULTIPLY, factor, Part.LOSSES)
        return self._elements(loss, (*scale, *steps))

    def _masked(self, value: Value, steps: Steps) -> Terms:
        mask, kept, other = value.args
        for operation, losses, zeros in (
            (Operation.KEEP_WHERE, kept, other),
            (Operation.DROP_WHERE, other, kept),
        ):
            if _is_zeros(zeros) and has_axes(losses):
                step = LossStep(operation=operation, operand=leaves.text(mask), scalar=False)
                return self._elements(losses, (step, *steps))
        return [leaves.losses(value, steps)]

    def _inner_reduction(self, value: Value, operation: Operation, steps: Steps) -> Terms:
        """Losses that were reduced over some axes before."""
        inner = value.argument("input_tensor", position=0)
        axes = axes_of(value)
        if inner is None or axes == "?" or keeps_dims(value):
            return [leaves.opaque(value, steps, "the axes of the reduction")]
        assert not isinstance(axes, str)
        if axes is None or is_number(stripped(inner)):
            axes = () if is_number(stripped(inner)) else axes
            steps = tuple(
                dataclasses.replace(step, axes=()) if step.reduces else step for step in steps
            )
            step = LossStep(operation=operation, axes=axes, line=leaves.line(value))
            return self.terms(inner, (step, *steps))
        if 0 in axes or not has_axes(value) or may_be_moved(inner):
            return [leaves.opaque(value, steps, "whether an axis of the reduction is the batch")]
        return [leaves.losses(value, steps)]

    def _either(self, value: Value, steps: Steps) -> Terms:
        kept = [each for each in value.args[1:] if not each.is_none]
        if len(kept) == 1:  # nothing adds None: the program goes on in the other branch
            return self.terms(kept[0], steps)
        first, second = (self.terms(each, steps) for each in value.args[1:])
        return alternatives.joined(value, first, second, steps)


def _is_of_losses(term: LossTerm) -> bool:
    """Tells whether all is known of a term but the losses themselves: its steps reduce them."""
    return any(step.reduces for step in term.steps)


_DIVISORS = {
    Role.SIZE: "{}",
    Role.COUNT_NONZERO: "count({} != 0)",
    Role.SUM_OF_WEIGHTS: "sum({})",
    Role.OTHER: "sum({})",
}


def _is_list_of_numbers(value: Value) -> bool:
    return value.kind is Kind.LIST and all(is_number(stripped(each)) for each in value.args)


def _role(reduction: str, weights: Value | None) -> Role:
    if weights is None or reduction == "sum_over_batch_size":
        return Role.SIZE
    if weights.number is not None:
        return Role.SIZE if reduction == "sum_by_nonzero_weights" else Role.OTHER
    return Role.COUNT_NONZERO if reduction == "sum_by_nonzero_weights" else Role.SUM_OF_WEIGHTS


def _is_most_likely_weights(weights: Value) -> bool:
    """Returns whether weights are computed from the batch, so that they have its axis."""
    return bool(weights.depends & Depends.INPUT) and not weights.depends & Depends.UNKNOWN


def _loss_and_factor(left: Value, right: Value) -> tuple[Value, Value] | None:
    """Returns the loss in a product and the other factor; None if either could be the loss."""
    holds = holds_loss(left), holds_loss(right)
    if holds[0] != holds[1]:
        loss, factor = (left, right) if holds[0] else (right, left)
        both = Depends.INPUT, Depends.VARIABLES
        return None if all(factor.depends & each for each in both) else (loss, factor)
    if holds[0]:
        return None
    for may_be_loss in (_is_trained_on_input, _is_trained, _is_input):
        if may_be_loss(left) != may_be_loss(right):
            return (left, right) if may_be_loss(left) else (right, left)
    if (left.number is None) != (right.number is None):
        return (right, left) if left.number is not None else (left, right)
    return None


def _is_trained_on_input(value: Value) -> bool:
    return bool(value.depends & Depends.INPUT) and _is_trained(value)


def _is_trained(value: Value) -> bool:
    return bool(value.depends & (Depends.VARIABLES | Depends.UNKNOWN))


def _is_input(value: Value) -> bool:
    return bool(value.depends & Depends.INPUT)


def _has_weights(value: Value) -> bool:
    """Returns whether losses may be a product with weights."""
    name = plain(value.name)
    if name_of(value):
        return False
    if name in ("negative",):
        return _has_weights(stripped(value.args[0]))
    if name == "multiply":
        return (
            any(has_axes(each) for each in value.args[:2])
            and not all(has_axes(each) is False for each in value.args[:2])
            and value.args[0].number is None
            and value.args[1].number is None
        )
    return name in ("where", "where_v2") or value.name.endswith("compute_weighted_loss")


def _is_log(value: Value) -> bool:
    value = stripped(value)
    if plain(value.name) == "negative":
        value = stripped(value.args[0])
    return plain(value.name) in ("log", "log1p", "nn.log_softmax", "log_softmax", "log_sigmoid")


def _is_negated(steps: Steps) -> bool:
    return sum(step.operation is Operation.NEGATE for step in steps) % 2 == 1


def _is_zeros(value: Value) -> bool:
    value = stripped(value)
    return value.number == 0.0 or plain(value.name) in ("zeros", "zeros_like")
