"""Explanations: each is given for the numbers that it makes, and for no others."""

import math
from typing import Any

import numpy as np
import pytest

from migrate.verifying import explanations
from migrate.verifying.reference import TrainingRecord
from migrate.verifying.step_facts import StepFacts

# sum(w*l) = 3, as in SEMANTICS: SUM 3.0, MEAN 0.857, SUM_OVER_BATCH_SIZE 0.75, nonzero 1.0.
LOSSES, WEIGHTS = np.array([1, 4, 0, 4.0]), np.array([1, 0, 2, 0.5])
PENALTY = 0.2


def facts(**changes: Any) -> StepFacts:
    given: dict[str, Any] = {
        "reduction": "SUM_BY_NONZERO_WEIGHTS",
        "losses": LOSSES,
        "weights": WEIGHTS,
        "has_penalties": True,
        "epsilons": {},
        "update_ops": frozenset(),
    }
    return StepFacts(**{**given, **changes})


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (3 + PENALTY, "what the reduction SUM gives, sum(w*l), instead of SUM_BY_NONZERO_WEIGHTS"),
        (0.75 + PENALTY, "what the reduction SUM_OVER_BATCH_SIZE gives, sum(w*l) / size(l)"),
        (3 / 3.5 + PENALTY, "what the reduction MEAN gives, sum(w*l) / sum(w), 0 when"),
        (9 / 4 + PENALTY, "the reference's without the weights of the examples"),
        (1 + 2 * PENALTY, "with twice its penalties on weights, such as l2 without the half"),
        (1 + PENALTY / 2, "with half its penalties on weights"),
        (1.0, "the reference's without its penalties on weights"),
        (1.05, ""),
        (1 + PENALTY, ""),  # no difference
    ],
)
def test_the_loss(subject: float, words: str) -> None:
    found = explanations.of_the_loss(facts(), 1 + PENALTY, subject)
    assert len(found) == bool(words)
    assert words in "".join(found)


def test_two_explanations_of_a_loss_are_both_named() -> None:
    # With weights of 0 and 1, MEAN and SUM_BY_NONZERO_WEIGHTS are the same: 5 / 3.
    ones = facts(weights=np.array([1, 1, 0, 1.0]), reduction="SUM_OVER_BATCH_SIZE")
    [found] = explanations.of_the_loss(ones, 9 / 4, 9 / 3)
    assert " MEAN gives, " in found
    assert " or what the reduction SUM_BY_NONZERO_WEIGHTS gives, " in found


def test_a_loss_that_the_ledger_does_not_know_stays_without_a_word() -> None:
    assert explanations.of_the_loss(facts(reduction="", losses=None), 1.2, 3.2) == []
    assert explanations.of_the_loss(facts(has_penalties=False), 1.2, 1.0) == []


W0 = np.array([0.5, -0.25, 1.0], np.float32)


def record(update: Any, **changes: Any) -> TrainingRecord:
    initial = {"w": W0, "average": np.zeros(2, np.float32), "global_step": np.int64(0)}
    first = {"w": W0 + np.float32(update), "average": np.ones(2, np.float32)}
    given: dict[str, Any] = {
        "initial": {**initial, "beta1_power": np.float32(0.9), "beta2_power": np.float32(0.999)},
        "first": {**first, "global_step": np.int64(1)},
        "final": {**first, "global_step": np.int64(4)},
        "trainable": frozenset({"w"}),
        "losses": [np.float32(1)] * 4,
    }
    return TrainingRecord(**{**given, **changes})


UPDATE = np.array([0.01, -0.02, 0.03])


def updates(subject: Any, reference: TrainingRecord | None = None, **changes: Any) -> list[str]:
    found = {"w": np.float32(W0 + subject)}
    return explanations.of_updates(reference or record(UPDATE), found, facts(**changes), ["w"])


def test_another_rate() -> None:
    assert updates(1.01 * UPDATE) == [
        "Each update of w is 1.01 times the reference's, as with another learning rate."
    ]


def test_another_weight_decay() -> None:
    assert updates(UPDATE - 1e-4 * W0) == [
        "The updates of w differ by -0.0001 times the weights, as with another weight decay."
    ]


def test_an_update_without_a_pattern_stays_without_a_word() -> None:
    assert updates(UPDATE + np.array([0.001, 0, 0])) == []


GRADIENT = np.array([1e-3, -2e-2, 3e-1])


def adam(epsilon: float) -> Any:
    """The first update with a rate of 0.01, and its moments."""
    first, second = 0.1 * GRADIENT, 0.001 * np.square(GRADIENT)
    rate = 0.01 * math.sqrt(1 - 0.999) / (1 - 0.9)
    return -rate * first / (np.sqrt(second) + epsilon), first, second


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (adam(1e-7)[0], ["The updates are Adam's with an epsilon of 1e-07; the reference's"]),
        # Added after the correction, it counts sqrt(1 - beta2) as much.
        (
            adam(1e-3 * math.sqrt(0.001))[0],
            ["The updates are Adam's with the epsilon added after the bias of the moments"],
        ),
        (
            adam(1e-3)[0] * (1 - 0.9) / math.sqrt(1 - 0.999),
            ["The updates are Adam's without the correction of the bias of its moments."],
        ),
        (adam(2e-7)[0], []),
    ],
)
def test_adam(subject: Any, words: list[str]) -> None:
    update, first, second = adam(1e-3)
    reference = record(update)
    slots = {"w/Adam": np.float32(first), "w/Adam_1": np.float32(second)}
    reference = record(update, first={**reference.first, **slots})
    found = updates(subject, reference, epsilons={"w": 1e-3})
    assert len(found) == len(words)
    assert all(map(str.startswith, found, words))


def test_update_ops_that_are_not_run() -> None:
    subject = {"average": np.zeros(2, np.float32)}
    known = facts(update_ops=frozenset({"average"}))
    assert explanations.of_updates(record(UPDATE), subject, known, ["average"]) == [
        "The subject leaves average as it was; in the reference, an op of UPDATE_OPS moves it."
    ]
    moved = {"average": np.full(2, 0.5, np.float32)}
    assert explanations.of_updates(record(UPDATE), moved, known, ["average"]) == []


def test_a_step_counted_twice() -> None:
    twice = record(UPDATE, final={"global_step": np.int64(8)})  # in 4 steps
    [found] = explanations.of_the_count(twice)
    assert found.startswith("In each step, the reference's train_op adds 2 to global_step: it ")
    assert explanations.of_the_count(twice, {"global_step": np.int64(1)}) == [found]
    assert explanations.of_the_count(twice, {"global_step": np.int64(2)}) == []
    assert explanations.of_the_count(record(UPDATE)) == []


def test_gradients_of_a_penalty() -> None:
    gradients = {"w": GRADIENT}
    assert explanations.of_gradients({"w": W0}, gradients, {"w": GRADIENT + 0.01 * W0}, ["w"]) == [
        "The gradients of w differ by 0.01 times the weights: the gradient of an l2 penalty."
    ]
    assert explanations.of_gradients({"w": W0}, gradients, {"w": 2 * GRADIENT}, ["w"]) == []
