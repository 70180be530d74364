"""A loop's own initial values: constants, repeated random numbers, mean and deviation."""

from typing import Any

import keras
import numpy as np
import pytest

from migrate.verifying import initial_values
from migrate.verifying.verdict import Outcome

_random = np.random.RandomState(0)
WEIGHTS = ("query", "key", "bias", "norm")


def normal(*shape: int, scale: float = 0.1, mean: float = 0.0) -> np.ndarray:
    return (mean + scale * _random.standard_normal(shape)).astype(np.float32)


REFERENCE = {
    "query": normal(16, 8),
    "key": normal(16, 8),
    "bias": np.zeros([8], np.float32),
    "norm": np.ones([8], np.float32),
    "norm/moving_variance": np.ones([8], np.float32),
    "beta1_power": np.float32(0.9),
    "global_step": np.int64(0),
}


def right() -> dict[str, Any]:
    return {**REFERENCE, "query": normal(16, 8), "key": normal(16, 8)}


def notes(subject: dict[str, Any], reference: Any = REFERENCE) -> dict[str, str]:
    found = initial_values.compare_own(reference, subject, WEIGHTS, 1e-5)
    assert found is not None
    assert all(each.outcome is Outcome.DIFFERENT for each in found)
    begin = "the subject's own initial values: "
    return {each.name: each.note.removeprefix(begin) for each in found}


@pytest.mark.parametrize("seed", range(4))
def test_a_right_loop(seed: int) -> None:
    _random.seed(seed)
    assert notes(right()) == {}
    assert notes(dict(REFERENCE)) == {}


WRONG = {
    "a moving average": (
        {"norm/moving_variance": np.zeros([8], np.float32)},
        {"norm/moving_variance": "1 in the reference, 0 in the subject"},
    ),
    "a bias": (
        {"bias": np.full([8], 0.1, np.float32)},
        {"bias": "0 in the reference, 0.1 in the subject"},
    ),
    "some of a bias": (
        {"bias": np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32)},
        {"bias": "0 in the reference, several numbers in the subject"},
    ),
    "a counter": (
        {"global_step": np.int64(1)},
        {"global_step": "0 in the reference, 1 in the subject"},
    ),
    "a power": (
        {"beta1_power": np.float32(1.0)},
        {"beta1_power": "0.9 in the reference, 1 in the subject"},
    ),
    "the same numbers": (
        {"query": REFERENCE["query"] * 1.5, "key": REFERENCE["query"] * 3.0},
        {"key": "the same random numbers as query"},
    ),
    "one weight is constant": (
        {"key": np.zeros([16, 8], np.float32)},
        {
            "key": f"standard deviation {REFERENCE['key'].std(dtype=np.float64):.3g} in the "
            "reference, 0 in the subject"
        },
    ),
}


@pytest.mark.parametrize(("changed", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_loop(changed: dict[str, Any], expected: dict[str, str]) -> None:
    assert notes({**right(), **changed}) == expected


def test_another_deviation_and_another_mean() -> None:
    # 128 numbers: the logarithms of the deviations are at most 8 * sqrt(2 / 256) = 0.71 apart, so
    # that three times the deviation (1.1) is found; a mean that is 1 deviation away is 8 standard
    # errors away (sqrt(128 / 2) = 8), so that 2 deviations are found.
    assert "standard deviation" in notes({**right(), "key": normal(16, 8, scale=0.3)})["key"]
    assert notes({**right(), "key": normal(16, 8, mean=0.2)})["key"].startswith("mean ")
    assert notes({**right(), "key": normal(16, 8, scale=0.12)}) == {}


def test_weights_that_wait_to_be_given_values() -> None:
    zeros = {name: np.zeros_like(value) for name, value in REFERENCE.items()}
    assert initial_values.compare_own(REFERENCE, zeros, WEIGHTS, 1e-5) is None


def test_a_single_number_may_be_random() -> None:
    reference = {"query": REFERENCE["query"], "bias": np.array([0.3], np.float32)}
    assert notes({"query": normal(16, 8), "bias": np.array([0.2], np.float32)}, reference) == {}


def test_weights_that_are_the_same_in_the_reference_too() -> None:
    reference = {**REFERENCE, "key": REFERENCE["query"]}
    numbers = normal(16, 8)
    assert notes({**right(), "query": numbers, "key": numbers}, reference) == {}


def test_an_initializer_of_keras_3_that_two_layers_share() -> None:
    shared = keras.initializers.GlorotUniform()
    first, second = (np.asarray(shared(shape)) for shape in ([16, 8], [16, 32]))
    own = [np.asarray(keras.initializers.GlorotUniform()(shape)) for shape in ([16, 8], [16, 32])]
    reference = {"query": own[0], "key": own[1]}
    assert notes({"query": first, "key": second}, reference) == {
        "key": "the same random numbers as query"
    }
    more = [np.asarray(keras.initializers.GlorotUniform()(shape)) for shape in ([16, 8], [16, 32])]
    assert notes({"query": more[0], "key": more[1]}, reference) == {}


@pytest.mark.parametrize("size", [32, 128, 2048])
@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential", "lognormal"])
def test_right_loops_pass(size: int, draw: str) -> None:
    generator = np.random.default_rng(size)
    for _ in range(500):
        first, second = (getattr(generator, draw)(size=size) for _ in range(2))
        assert initial_values._distribution(first, second) == ""


def test_values_of_a_checkpoint() -> None:
    found = initial_values.compare_own(REFERENCE, right(), WEIGHTS, 1e-5, restored=["query"])
    assert found is not None
    [one] = found
    assert one.name == "query"
    assert one.note.endswith("not those that the reference reads from a checkpoint")
    same = {**right(), "query": REFERENCE["query"]}
    assert initial_values.compare_own(REFERENCE, same, WEIGHTS, 1e-5, restored=["query"]) == []
