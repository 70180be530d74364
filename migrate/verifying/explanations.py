"""Explains a difference where its size is telling.

Each explanation computes what the subject's numbers would be if it were right. It is given only if
these are the subject's numbers. A difference that nothing here explains stays without a word.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from estimator_compat.losses import reductions
from migrate.verifying.reference import TrainingRecord, Values
from migrate.verifying.step_facts import StepFacts

# A computed loss may be this far from the subject's, relative to the loss; a computed update,
# relative to the largest update; and both, relative to what is to be explained.
_NEAR_LOSS, _NEAR_UPDATE, _EXPLAINED = 2e-5, 1e-4, 1e-2
_EPSILONS = (1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-1, 1.0)


class _NumPy:
    """The arithmetic of `reductions`, in float64."""

    def sum(self, values: Any) -> Any:
        return np.sum(values, dtype=np.float64)

    def ones_like(self, losses: Any) -> Any:
        return np.ones_like(losses)

    def size(self, losses: Any) -> Any:
        return float(losses.size)

    def count_nonzero(self, weights: Any, losses: Any) -> Any:
        return float(np.count_nonzero(np.broadcast_to(weights, losses.shape)))

    def divide(self, numerator: Any, denominator: Any) -> Any:
        return numerator / denominator if denominator else 0.0


def of_the_loss(facts: StepFacts, reference: float, subject: float) -> list[str]:
    """Explains the loss of the first batch.

    Args:
      facts: The reference's losses and weights before the reduction.
      reference: The reference's loss.
      subject: The subject's loss.
    """
    found = [
        sentence
        for sentence, loss in _losses(facts, reference)
        if _explain_loss(loss, subject, reference)
    ]
    return [f"The subject's loss is {' or '.join(found)}."] if found else []


def _losses(facts: StepFacts, reference: float) -> Iterator[tuple[str, float]]:
    """Yields what the subject's loss may be, in words, with its number."""
    if not facts.reduction or facts.losses is None:
        return
    losses, weights = facts.losses, np.ones([]) if facts.weights is None else facts.weights
    computed = {
        row.name: float(row.compute(_NumPy(), losses, weights))
        for row in reductions.TABLE
        if row.name != "NONE"
    }
    data = computed[facts.reduction]
    rest = reference - data
    for name, value in computed.items():
        if name != facts.reduction:
            formula = reductions.find(name).formula
            yield (
                f"what the reduction {name} gives, {formula}, instead of {facts.reduction}, "
                f"{reductions.find(facts.reduction).formula}",
                rest + value,
            )
    unweighted = float(reductions.find(facts.reduction).compute(_NumPy(), losses, np.ones([])))
    yield "the reference's without the weights of the examples", rest + unweighted
    if facts.has_penalties and abs(rest) > _NEAR_LOSS * abs(reference):
        yield (
            "the reference's with twice its penalties on weights, such as l2 without the half",
            (data + 2 * rest),
        )
        yield "the reference's with half its penalties on weights", data + rest / 2
        yield "the reference's without its penalties on weights", data


def of_gradients(
    weights: Values, reference: Mapping[str, Any], subject: Mapping[str, Any], wrong: list[str]
) -> list[str]:
    """Explains the gradients of the first batch.

    Args:
      weights: The weights at which both are computed.
      reference: The reference's gradients by variable name.
      subject: The subject's gradients.
      wrong: The names of the variables whose gradients differ.
    """
    arrays = {name: np.asarray(subject[name]) for name in wrong}
    factor = _factor(weights, reference, arrays, wrong)
    if factor is None:
        return []
    return [
        f"The gradients of {_names(wrong)} differ by {factor:.3g} times the weights: the gradient "
        "of an l2 penalty."
    ]


def of_updates(
    record: TrainingRecord, subject: Values, facts: StepFacts, wrong: list[str]
) -> list[str]:
    """Explains what the first step added to the variables.

    Args:
      record: The reference's training.
      subject: The subject's variables after the same step.
      facts: What the reference's graph says.
      wrong: The names of the variables that differ.
    """
    still = [n for n in wrong if n in facts.update_ops and _is_same(subject[n], record.initial[n])]
    found = []
    if still:
        found.append(
            f"The subject leaves {_names(still)} as it was; in the reference, an op of UPDATE_OPS "
            "moves it."
        )
    found += of_the_count(record, subject)
    trained = [name for name in wrong if name in record.trainable]
    if trained and record.first_step == 1:
        found += next(filter(None, _causes(record, subject, facts, trained)), [])
    return found


def of_the_count(record: TrainingRecord, subject: Values | None = None) -> list[str]:
    """Explains a global step that grows by more than one in each step of the reference.

    Args:
      record: The reference's training.
      subject: The subject's variables after `first_step`; None if they were not compared.
    """
    if "global_step" not in record.first:
        return []
    counted = int(record.final["global_step"]) - int(record.initial["global_step"])
    made = len(record.losses)
    if made == 0 or counted <= made or counted % made:
        return []
    if subject is not None and "global_step" in subject:
        own = int(subject["global_step"]) - int(record.initial["global_step"])
        if own != record.first_step:
            return []
    return [
        f"In each step, the reference's train_op adds {counted // made} to global_step: it counts "
        "a step more than once. A training ends by this count, and schedules follow it."
    ]


def _causes(
    record: TrainingRecord, subject: Values, facts: StepFacts, names: list[str]
) -> Iterator[list[str]]:
    """Yields explanations of the trained variables; the first one that is not empty counts."""
    before, after = record.initial, record.first

    def explains(scale: Callable[[str], Any]) -> bool:
        return _explain_updates(
            record, subject, names, lambda n: _scaled(before[n], after[n], scale(n))
        )

    if all(name in facts.epsilons and f"{name}/Adam_1" in after for name in names):
        yield list(_epsilons(record, subject, facts, names))
        if "beta1_power" in before and "beta2_power" in before:
            correction = math.sqrt(1 - before["beta2_power"]) / (1 - before["beta1_power"])
            if explains(lambda _: 1 / correction):
                yield ["The updates are Adam's without the correction of the bias of its moments."]
    ratio = _ratio(record, subject, names)
    if ratio is not None and explains(lambda _: ratio):
        yield [
            f"Each update of {_names(names)} is {ratio:.4g} times the reference's, as with another "
            "learning rate."
        ]
    factor = _factor(before, after, subject, names)
    if factor is not None:
        yield [
            f"The updates of {_names(names)} differ by {factor:.3g} times the weights, as with "
            "another weight decay."
        ]


def _epsilons(
    record: TrainingRecord, subject: Values, facts: StepFacts, names: list[str]
) -> Iterator[str]:
    """Yields a sentence if another epsilon explains the updates of Adam."""
    own = {name: facts.epsilons[name] for name in names}
    power = math.sqrt(1 - float(record.initial.get("beta2_power", 0.0)))
    inside = "the epsilon added after the bias of the moments is corrected"
    candidates = [(value, f"an epsilon of {value:g}") for value in _EPSILONS]
    candidates += [(value * power, inside) for value in sorted(set(own.values()))]
    for value, words in candidates:
        if all(value != each for each in own.values()) and _explain_updates(
            record,
            subject,
            names,
            functools.partial(_updated_by_adam, record, own, value),
        ):
            given = ", ".join(f"{each:g}" for each in sorted(set(own.values())))
            yield f"The updates are Adam's with {words}; the reference's epsilon is {given}."
            return


def _updated_by_adam(
    record: TrainingRecord, epsilons: Mapping[str, float], other: float, name: str
) -> np.ndarray:
    """Returns a variable after the reference's first step, if Adam had another epsilon."""
    first, second = (
        np.asarray(record.first[f"{name}/{slot}"], np.float64) for slot in ("Adam", "Adam_1")
    )
    before = np.asarray(record.initial[name], np.float64)
    direction = first / (np.sqrt(second) + epsilons[name])
    update = np.asarray(record.first[name], np.float64) - before
    # The rate is fitted, because an update of few digits may not be divided by a small number.
    rate = (update * direction).sum() / max(np.square(direction).sum(), 1e-300)
    return np.asarray(before + rate * first / (np.sqrt(second) + other))


def _ratio(record: TrainingRecord, subject: Values, names: list[str]) -> float | None:
    """Returns how many times as large the subject's updates are, as the largest variable says."""
    name = max(names, key=lambda n: np.asarray(record.first[n]).size)
    update, own = (
        np.asarray(values[name], np.float64) - record.initial[name]
        for values in (record.first, subject)
    )
    square = float(np.square(update).sum())
    return float((update * own).sum()) / square if square else None


def _factor(
    weights: Mapping[str, Any],
    reference: Mapping[str, Any],
    subject: Mapping[str, Any],
    names: list[str],
) -> float | None:
    """Returns a number whose product with the weights is the difference, for all variables."""
    factors = []
    for name in names:
        weight = np.asarray(weights[name], np.float64)
        off = np.asarray(subject[name], np.float64) - np.asarray(reference[name], np.float64)
        square = float(np.square(weight).sum())
        if weight.shape != off.shape or weight.size < 2 or not square or not off.any():
            return None
        factors.append(float((off * weight).sum()) / square)
        if np.abs(off - factors[-1] * weight).max() > _EXPLAINED * np.abs(off).max():
            return None
    if not factors or max(factors) - min(factors) > _EXPLAINED * max(map(abs, factors)):
        return None
    return float(np.mean(factors))


def _scaled(before: Any, after: Any, scale: Any) -> np.ndarray:
    before = np.asarray(before, np.float64)
    return np.asarray(before + (np.asarray(after, np.float64) - before) * scale)


def _explain_loss(computed: float, subject: float, reference: float) -> bool:
    """Returns whether a computed loss is the subject's, and far nearer than the reference's."""
    off, apart = abs(computed - subject), abs(reference - subject)
    return bool(apart and off <= _NEAR_LOSS * abs(subject) and off <= _EXPLAINED * apart)


def _explain_updates(
    record: TrainingRecord, subject: Values, names: list[str], computed: Callable[[str], Any]
) -> bool:
    """Returns whether computed variables are the subject's, and far nearer than the reference's.

    Args:
      record: The reference's training.
      subject: The subject's variables.
      names: The names of the variables.
      computed: Returns the variable that an explanation gives.
    """
    largest_off = largest_apart = 0.0
    for name in names:
        before, after, own, explained = (
            np.asarray(each, np.float64)
            for each in (record.initial[name], record.first[name], subject[name], computed(name))
        )
        update = np.abs(own - before).max(initial=0.0)
        off, apart = (np.abs(each - own).max(initial=0.0) for each in (explained, after))
        rounding = 2 * float(np.spacing(np.float32(np.abs(own).max(initial=0.0))))
        if not update or off > max(_NEAR_UPDATE * update, rounding):
            return False
        largest_off = max(largest_off, off / update)
        largest_apart = max(largest_apart, apart / update)
    return largest_apart > 0 and largest_off <= _EXPLAINED * largest_apart


def _is_same(first: Any, second: Any) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def _names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
