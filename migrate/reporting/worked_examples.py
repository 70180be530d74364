"""What a short batch, weights of 0, replicas and Keras make of a term, in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import LossTerm
from migrate.reporting.term_arithmetic import (
    Examples,
    NotComputable,
    compute,
    examples,
    has_unknown_size,
    sizes,
    with_axes,
)
from migrate.reports.loss_values import Bar, Worked

# Losses that Keras averages over the last axis before it reduces them.
_ELEMENTWISE = frozenset(
    {
        "absolute_difference",
        "hinge",
        "huber",
        "log_loss",
        "sigmoid_cross_entropy",
        "squared_difference",
    }
)
# The reductions of Keras 3, as its losses name them; "mean" is "sum_over_batch_size".
_KERAS = ("sum_over_batch_size", "mean_with_sample_weight", "sum")


def of(term: LossTerm) -> tuple[Worked, ...]:
    """Returns the examples that can be computed from the ledger alone; none for other terms."""
    try:
        return tuple(_worked(term))
    except NotComputable:
        return ()


def axes(term: LossTerm) -> tuple[str, ...]:
    """Returns the axes of the losses in the examples; those of unknown size are 3."""
    return tuple("3" if axis == "?" else axis for axis in with_axes(term).axes)


def reason(term: LossTerm) -> str:
    """Returns why there are no examples in numbers; "" if there are."""
    try:
        list(_worked(term))
    except NotComputable as error:
        return str(error)
    return ""


def _worked(term: LossTerm) -> Iterator[Worked]:
    if term.doubt or term.broadcast:
        raise NotComputable(term.doubt or term.broadcast)
    term = with_axes(term)
    yield _short_batch(term)
    if term.weightings:
        yield _zero_weights(term)
    yield _replicas(term)
    if (keras := _keras(term)) is not None:
        yield keras


def _short_batch(term: LossTerm) -> Worked:
    """Ten examples in batches of 4, 4 and 2; the two of the short batch have larger losses."""
    batches = [examples(losses, full=4) for losses in ((1.0,) * 4, (1.0,) * 4, (6.0,) * 2)]
    numbers = [compute(term, batch) for batch in batches]
    of_evaluate = sum(numbers) / len(numbers)
    of_examples = 2.0  # (8 * 1 + 2 * 6) / 10
    rows = [
        (f"batch {index}", f"{len(batch.losses)} losses of {_show(batch.losses[0])}", _show(number))
        for index, (batch, number) in enumerate(zip(batches, numbers, strict=True), 1)
    ]
    rows.append(("evaluate()'s `loss`", "mean of the 3 batches", _show(of_evaluate)))
    average: tuple[Bar, ...] = (Bar(label="average_loss", value=of_examples, is_reference=True),)
    if _has_factor(term):  # the losses that `average_loss` averages are not the invented ones
        average = ()
    else:
        rows.append(("`average_loss`", "mean of the 10 losses", _show(of_examples)))
    ratio = numbers[2] / numbers[0] if numbers[0] else math.nan
    return Worked(
        title="A short last batch",
        given=f"Ten examples in batches of 4, 4 and 2.{_size_note(term)}",
        columns=("", "of what", "number"),
        rows=tuple(rows),
        bars=(
            *(Bar(label=f"batch {i}", value=n) for i, n in enumerate(numbers, 1)),
            Bar(label="evaluate()'s loss", value=of_evaluate),
            *average,
        ),
        says=_short_batch_says(ratio),
    )


def _has_factor(term: LossTerm) -> bool:
    """Tells whether a sign, or a number inside the first reduction, belongs to the losses."""
    inside = [each for each in term.before_reduction if not each.weights]
    changed = any(each.multiplies or each.divides for each in inside)
    signs = (Operation.NEGATE, Operation.HALF_SQUARE)
    is_negative = any((each.value or 0) < 0 or each.operation in signs for each in term.steps)
    return changed or is_negative


def _short_batch_says(ratio: float) -> str:
    """Says how much the short batch counts: its examples have six times the loss of the others."""
    if math.isclose(ratio, 6.0):
        return (
            "The short batch counts as much as a full one, so that each of its two examples counts "
            "twice as much as each of the others."
        )
    if math.isclose(ratio, 3.0):
        return "Each example counts the same in every batch; a batch adds up its examples."
    return f"The short batch gives {_show(ratio)} times the number of a full one."


def _zero_weights(term: LossTerm) -> Worked:
    masks = (Operation.KEEP_WHERE, Operation.DROP_WHERE)
    is_mask = term.weightings[0].operation in masks
    cases: list[tuple[str, Sequence[float], Sequence[float]]] = [
        ("all weights 1", (2, 4, 6, 8), (1, 1, 1, 1)),
        ("the last weight 0", (2, 4, 6, 8), (1, 1, 1, 0)),
        ("the last example is not there", (2, 4, 6), (1, 1, 1)),
        ("all weights 0", (2, 4, 6, 8), (0, 0, 0, 0)),
    ]
    if not is_mask:
        cases.insert(3, ("weights of 2, the last 0", (2, 4, 6, 8), (2, 2, 2, 0)))
    numbers = [compute(term, examples(losses, weights, full=4)) for _, losses, weights in cases]
    rows = [
        (name, _listed(losses), _listed(weights), _show(number))
        for (name, losses, weights), number in zip(cases, numbers, strict=True)
    ]
    padded, absent = numbers[1:3]
    says = (
        "An example of weight 0 is as good as not there"
        if math.isclose(padded, absent)
        else f"With the example of weight 0 the number is {_show(padded)}, without it "
        f"{_show(absent)}: padding changes the loss"
    )
    if not is_mask and math.isclose(padded, numbers[3]):
        says += "; weights of 2 instead of 1 change nothing"
    elif not is_mask and padded:
        says += f"; weights of 2 instead of 1 multiply the number by {_show(numbers[3] / padded)}"
    return Worked(
        title="Weights of 0",
        given=f"A batch of four.{_size_note(term)}",
        columns=("", "losses", "weights", "number"),
        rows=tuple(rows),
        bars=tuple(
            Bar(label=name, value=number, is_reference=index == 2)
            for index, ((name, _, _), number) in enumerate(zip(cases, numbers, strict=True))
        ),
        says=f"{says}.",
    )


def _replicas(term: LossTerm) -> Worked:
    """Five examples on two replicas, three and two: the mean of all is 22 / 5 = 4.4."""
    parts = ((1.0, 2.0, 3.0), (8.0, 8.0))
    numbers = [compute(term, examples(part, full=5)) for part in parts]
    whole = compute(term, examples([*parts[0], *parts[1]], full=5))
    average, total = sum(numbers) / 2, sum(numbers)
    rows = (
        ("one device", _listed([*parts[0], *parts[1]]), _show(whole)),
        ("replica 1", _listed(parts[0]), _show(numbers[0])),
        ("replica 2", _listed(parts[1]), _show(numbers[1])),
        ("the replicas averaged", "the Estimator, but for the next line", _show(average)),
        ("the replicas added up", "the Estimator, if the last `tf.losses` is a SUM", _show(total)),
    )
    same = [
        name
        for name, number in (("averaged", average), ("added up", total))
        if math.isclose(number, whole)
    ]
    says = (
        f"The replicas {same[0]} give the number of one device."
        if len(same) == 1
        else "Neither gives the number of one device."
        if not same
        else "Both give the number of one device."
    )
    return Worked(
        title="Two replicas",
        given=f"Five examples, three on one replica and two on the other.{_size_note(term)}",
        columns=("", "losses", "number"),
        rows=rows,
        bars=(
            Bar(label="one device", value=whole, is_reference=True),
            Bar(label="averaged", value=average),
            Bar(label="added up", value=total),
        ),
        says=says,
    )


def _keras(term: LossTerm) -> Worked | None:
    """Returns what the reductions of a Keras 3 loss give; None for a term that Keras has not."""
    if (term.reduction or term.suggested_reduction) is None or len(term.weightings) > 1:
        return None
    if any(each.value is None for each in term.divisors if each.role is Role.CONSTANT):
        return None
    if any(each.operation in (Operation.NEGATE, Operation.HALF_SQUARE) for each in term.steps):
        return None
    is_weighted = bool(term.weightings)
    batch = examples((1, 4, 0, 4), (1, 0, 2, 0.5) if is_weighted else None)
    legacy = compute(term, batch)
    scale = _multiplier(term)
    numbers = {name: scale * _of_keras(name, term, batch) for name in _KERAS}
    equal = [name for name, number in numbers.items() if math.isclose(number, legacy)]
    if not is_weighted:
        numbers.pop("mean_with_sample_weight")
        equal = [name for name in equal if name in numbers]
    rows = [("this loss", "", _show(legacy))]
    rows += [
        (f'Keras 3, reduction="{name}"', "the same" if name in equal else "", _show(number))
        for name, number in numbers.items()
    ]
    weights = f", weights {_listed(batch.weights)}" if is_weighted else ""
    averaged = _is_averaged_by_keras(term)
    note = " A Keras loss first takes the mean over the last axis." if averaged else ""
    if term.op in _ELEMENTWISE and not averaged:
        note = " Labels and predictions are taken as [batch, 1]."
    return Worked(
        title="What Keras would do instead",
        given=f"Losses {_listed(batch.losses)}{weights}.{note}{_size_note(term)}",
        columns=("", "", "number"),
        rows=tuple(rows),
        bars=(
            Bar(label="this loss", value=legacy, is_reference=True),
            *(Bar(label=name, value=number) for name, number in numbers.items()),
        ),
        says=_keras_says(equal),
    )


def _keras_says(equal: list[str]) -> str:
    if not equal:
        return "No reduction of Keras gives this number: write the division out."
    return f"On this batch, {' and '.join(equal)} gives the same number."


def _of_keras(name: str, term: LossTerm, batch: Examples) -> float:
    """Computes what a Keras 3 loss gives: `sum(w*l)`, divided as its reduction says."""
    count = 1 if _is_averaged_by_keras(term) else math.prod(sizes(term))
    if _is_averaged_by_keras(term):
        count = math.prod(sizes(term)[:-1])
    pairs = list(zip(batch.losses, batch.weights, strict=True))
    total = count * sum(loss * weight for loss, weight in pairs)
    if name == "sum":
        return total
    if name == "mean_with_sample_weight":
        return total / (count * sum(batch.weights))
    return total / (count * len(pairs))


def _is_averaged_by_keras(term: LossTerm) -> bool:
    return term.op in _ELEMENTWISE and bool(sizes(term))


def _multiplier(term: LossTerm) -> float:
    """Returns the number that multiplies the whole term."""
    scale = 1.0
    for step in term.steps:
        if step.value is not None and step.multiplies and step.scalar:
            scale *= step.value
        if step.value is not None and step.divides and step.role is Role.CONSTANT:
            scale /= step.value
    return scale


def _size_note(term: LossTerm) -> str:
    """Says what is invented besides the losses: sizes of axes, and factors that are 1."""
    ones = [each.operand for each in (*term.multipliers, *term.weightings[1:]) if _is_free(each)]
    note = f" {', '.join(dict.fromkeys(ones))} is 1 here." if ones else ""
    return note + _shape_note(term)


def _is_free(step: LossStep) -> bool:
    return step.value is None and bool(step.operand)


def _shape_note(term: LossTerm) -> str:
    if not sizes(term):
        return ""
    shape = ", ".join(map(str, sizes(term)))
    invented = "; a size that is not known is 3 here" if has_unknown_size(term) else ""
    return f" Each example has elements of shape [{shape}], all with the same loss{invented}."


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(map(_show, numbers))


def _show(number: float) -> str:
    """Writes a number with at most four digits after the point."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else str(number)
    return f"{number:.4f}".rstrip("0").rstrip(".") if abs(number) < 1e6 else f"{number:.4g}"
