"""The verifier on a loop with a warm-up: the first rate is 0, and the first rates are small.

Each planted mistake is tried with and without the warm-up, and one of them with dropout.
"""

from typing import Any

import pytest

from migrate.verifying.verdict import Outcome
from tests.migrate.verifying.warm_up import verified

PLAIN = {"warm_up": 0}
# In 20 steps, the weights move by 1e-6 or so: 1e-5 of their size is more.
TINY = {"rate": 1e-6, "warm_up": 40}


@pytest.mark.parametrize("changes", [{}, PLAIN, TINY], ids=["warm-up", "plain", "tiny"])
def test_the_right_loop(changes: dict[str, Any]) -> None:
    verdict = verified(changes)
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(
    ("changes", "mistakes", "expected"),
    [
        # The second step is the first one that moves the weights.
        ({}, {"decay": 0.0}, ("one step", "h/kernel", 2)),
        pytest.param(PLAIN, {"decay": 0.0}, ("one step", "h/kernel", 1), marks=pytest.mark.slow),
        ({}, {"late": 1}, ("one step", "h/kernel", 2)),
        pytest.param(
            PLAIN, {"late": 1}, ("one step", "h/kernel", 1), marks=pytest.mark.slow
        ),  # by a thousandth
        pytest.param({}, {"nothing": True}, ("one step", "global_step", 2), marks=pytest.mark.slow),
        pytest.param(
            PLAIN, {"nothing": True}, ("one step", "global_step", 1), marks=pytest.mark.slow
        ),
        # With 5 steps of warm-up for 4, the second rate is 1/5 instead of 1/4.
        ({}, {"longer": 1}, ("one step", "h/kernel", 2)),
    ],
)
def test_a_mistake_is_found_where_it_first_shows(
    changes: dict[str, Any], mistakes: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    verdict = verified(changes, **mistakes)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name, found.step) == expected, str(verdict)


@pytest.mark.slow
def test_a_missing_decay_that_is_small_beside_the_weights() -> None:
    """In 60 steps it adds 6e-6 to weights of 0.6: 1e-5 of them, but 5e-3 of what training adds."""
    verdict = verified({"rate": 3e-5, "warm_up": 40}, steps=60, decay=0.0)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    assert verdict.first[0].name == "steps"


def test_the_first_step_that_shows_something_is_named() -> None:
    one_step = next(each for each in verified({}).stages if each.name == "one step")
    assert one_step.compared == "13 variables and slots, after step 2"


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        pytest.param({}, 2, id="warm-up"),
        pytest.param(PLAIN, 1, id="plain", marks=pytest.mark.slow),
    ],
)
def test_a_loop_that_trains_nothing_where_the_model_has_dropout(
    changes: dict[str, Any], step: int
) -> None:
    verdict = verified({**changes, "dropout": True}, nothing=True)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name, found.step) == ("one step", "global_step", step)


def test_the_right_loop_with_dropout() -> None:
    verdict = verified({"dropout": True})
    assert verdict.passed, str(verdict)


def test_one_step_of_a_warm_up_shows_nothing() -> None:
    verdict = verified({}, steps=1)
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_VERIFIED, False)
    assert str(verdict).endswith("moves no trainable variable, so that it shows nothing.")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("changes", [{}, PLAIN, TINY], ids=["warm-up", "plain", "tiny"])
def test_the_right_loop_with_other_weights(changes: dict[str, Any], seed: int) -> None:
    verdict = verified(changes, seed=seed, steps=60)
    assert verdict.passed, str(verdict)
