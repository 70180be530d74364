"""Two replicas: the recorded Estimator's numbers, and those computed by hand.

The processor must be split in two before TensorFlow starts, so each case runs in its own process.
"""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.migrate.hosting.replicas.programs import LINEAR
from tests.recording import pythons

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

ROOT = Path(__file__).parents[4]
RECORDED = json.loads((Path(__file__).parent / "recording.json").read_text())
del RECORDED["tensorflow"]


@functools.cache
def case(name: str) -> Any:
    """Runs a case of `replica_runner`."""
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-m", "tests.migrate.hosting.replicas.runner", name],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def numbers(values: list[str]) -> np.ndarray:
    return np.array([float.fromhex(value) for value in values])


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_losses_and_variables_are_those_of_the_estimator(name: str) -> None:
    real, ours = RECORDED[name], case("recorded")[name]
    np.testing.assert_allclose(numbers(ours["losses"]), numbers(real["losses"]), rtol=1e-6)
    assert ours["variables"].keys() == real["variables"].keys()
    for variable, values in real["variables"].items():
        found = numbers(ours["variables"][variable])
        np.testing.assert_allclose(found, numbers(values), rtol=1e-5, atol=1e-6, err_msg=variable)


@pytest.mark.parametrize("kind", ["1", "2"])
def test_the_strategy_of_the_config_is_trained_on_as_by_the_estimator(kind: str) -> None:
    real, ours = RECORDED["batch_norm"], case("of_the_config")[kind]
    np.testing.assert_allclose(numbers(ours["losses"]), numbers(real["losses"]), rtol=1e-6)
    for variable, values in real["variables"].items():
        found = numbers(ours["variables"][variable])
        np.testing.assert_allclose(found, numbers(values), rtol=1e-5, atol=1e-6, err_msg=variable)


def test_metrics_that_are_made_in_training_change_nothing() -> None:
    real, ours = RECORDED["batch_norm"], case("with_metrics")
    np.testing.assert_allclose(numbers(ours["losses"]), numbers(real["losses"]), rtol=1e-6)


# Losses 1, 2, 3 on the first replica, and 6, 8 on the second. The gradient is the loss again, as
# the losses are what a variable of value 1 is multiplied with; but for squares, where it is twice.
BY_HAND = {
    # (1+4+9)/2/3 = 7/3 and (36+64)/2/2 = 25; all: 114/2/5
    "half_squares": ([(7 / 3 + 25) / 2, 7 / 3 + 25], [11.4, 22.8]),
    # 2 and 7; all: 20/5
    "mean": ([4.5, 4.5], [4.0, 4.0]),
    "mean_of_a_column": ([4.5, 4.5], [4.0, 4.0]),
    # Weights 1, 1, 1 and 3, 0: 6/3 and 18/1; all: 24/4
    "nonzero": ([10.0, 10.0], [6.0, 6.0]),
    "over_size": ([4.5, 4.5], [4.0, 4.0]),
    # Of 1, 2 and 3, 6: the number 2 is how many examples each replica is known to have
    "over_the_static_size": ([3.0, 3.0], [3.0, 3.0]),
    # Weights 1, 0, 1 and 0, 0: 0/0 in the second replica; all: 4/2
    "over_weights": ([np.nan, np.nan], [2.0, 2.0]),
    # With scale**2 / 2, whose gradient is scale, once
    "regularized": ([5.0, 5.5], [4.5, 5.0]),
    # The sum of sums, as for an Estimator
    "sum": ([20.0, 20.0], [20.0, 20.0]),
    # The mean with twice the weighted mean
    "two_terms": ([4.5 + 2 * 4.25, 4.5 + 2 * 4.25], [4.0 + 2 * 5.0, 4.0 + 2 * 5.0]),
    # Weights 1, 0, 1 and 3, 1: 4/2 and 26/4; all: 30/6
    "weighted_mean": ([4.25, 4.25], [5.0, 5.0]),
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_loss_and_gradient_by_hand(name: str) -> None:
    legacy, exact = BY_HAND[name]
    found = case("by_hand")
    assert found.keys() == BY_HAND.keys()
    np.testing.assert_allclose(found[name], [legacy, exact], rtol=1e-6)


@pytest.mark.parametrize("name", [*LINEAR, "sequences"])
def test_the_global_mean_is_what_one_replica_computes_of_the_whole_batch(name: str) -> None:
    two, one = case("one_batch")[name]
    np.testing.assert_allclose(numbers(two["losses"]), numbers(one["losses"]), rtol=2e-6)
    for variable, values in one["variables"].items():
        found = numbers(two["variables"][variable])
        np.testing.assert_allclose(found, numbers(values), rtol=1e-5, atol=1e-5, err_msg=variable)


REFUSALS = {
    "another_loss": "no gradient of mean((scale * labels)[batch]) was found where it is summed",
    "gradient_in_loss": "",
    "no_sum": "no gradient of square(scale) was found where it is summed",
    "number": "5 may count the examples of a replica, those of all, or neither",
    "opaque": "Max of type Max: it is not linear in the losses behind it",
    "over_the_batch": "1 / shape(features)[0] (truediv:0) is computed from a replica's whole batch",
    "weights_over_their_sum": "features / sum(features) (truediv:0) is computed from a replica's",
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_global_mean_that_is_not_known_is_refused(name: str) -> None:
    text = case("refused")[name]
    assert text.startswith("`global_mean` (True) is not possible for ")
    assert REFUSALS[name] in text
    assert text.endswith("or keep the default, the average of the replicas' losses.")


def test_a_scalar_cannot_be_split() -> None:
    assert case("refused")["scalar"] == (
        "the input has scalars (IteratorGetNext:0); expected tensors whose first axis is the "
        "batch, to split it over the replicas; give each example a value of its own, or let the "
        "input yield a batch for each replica, with `split=False`."
    )


def test_a_batch_is_split_as_tensorflow_splits_it() -> None:
    found = case("splits")
    assert found["ours"] == found["theirs"]
    assert found["ours"][0] == [[0, 1, 2], [3, 4]]
    assert found["sparse"] == [[[1, 0], [0, 2]], [[3, 4]]]


def test_batches_for_replicas_are_grouped_and_the_rest_left_out() -> None:
    assert case("splits")["consecutive"] == [[[0, 1], [2, 3], [4, 5]]]
