"""The values and summaries of a step on two replicas, against arithmetic and one replica."""

from typing import Any

import numpy as np
import pytest

from tests.migrate.hosting.replicas.cases import BY_HAND, case

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

VALUES = [1.0, 2.0, 3.0, 6.0, 8.0]
# The unreduced losses of both replicas, and their weighted mean. Losses and gradients are those of
# `BY_HAND`; there is one variable, so that the norm is the gradient.
TOLD = {
    # l * l / 2; 57/5
    "half_squares": ([0.5, 2.0, 4.5, 18.0, 32.0], 11.4),
    "mean": (VALUES, 4.0),
    "mean_of_a_column": (VALUES, 4.0),
    # Weights 1, 1, 1, 3, 0: (1 + 2 + 3 + 18)/6
    "nonzero": (VALUES, 4.0),
    "over_size": (VALUES, 4.0),
    "over_the_static_size": (VALUES[:4], 3.0),
    # Weights 1, 0, 1, 0, 0: (1 + 3)/2
    "over_weights": (VALUES, 2.0),
    "regularized": (VALUES, 4.0),
    "sum": (VALUES, 4.0),
    # The first term's
    "two_terms": (VALUES, 4.0),
    # Weights 1, 0, 1, 3, 1: (1 + 3 + 18 + 8)/6
    "weighted_mean": (VALUES, 5.0),
}


@pytest.mark.parametrize("name", sorted(TOLD))
@pytest.mark.parametrize("exact", [False, True], ids=["legacy", "global_mean"])
def test_a_step_tells_of_both_replicas(name: str, exact: bool) -> None:
    found = case("told")[name][exact]
    losses, average = TOLD[name]
    loss, gradient = BY_HAND[name][exact]
    np.testing.assert_allclose(found["loss_per_example"], losses)
    np.testing.assert_allclose(found["average_loss"], average, rtol=1e-6)
    np.testing.assert_allclose(found["loss"], loss, rtol=1e-6)
    np.testing.assert_allclose(found["gradient_norm"], gradient, rtol=1e-6)
    assert found["learning_rate"] == 1.0


@pytest.mark.parametrize("name", ["momentum_mean", "momentum_total", "sequences"])
def test_two_replicas_tell_what_one_does_of_the_whole_batch(name: str) -> None:
    two, one = case("told_of_one_batch")[name]
    if name == "sequences":
        # Examples are padded to the longest, whose length may differ between replicas.
        assert two.pop("loss_per_example") is None
        del one["loss_per_example"]
    assert two.keys() == one.keys()
    for field, value in one.items():
        np.testing.assert_allclose(two[field], value, rtol=1e-5, err_msg=field)


def test_of_two_batches_the_first_replicas_comes_first() -> None:
    found = case("told_of_two_batches")
    assert found["loss_per_example"] == [6.0, 8.0, 1.0, 2.0, 3.0]
    assert found["loss"] == found["gradient_norm"] == 4.5  # of 7 and 2
    assert found["average_loss"] == 4.0


# Step, tag, and a number; or how many losses, and their sum. The variable that scales the losses is
# 1, and after a step with the gradient g, 1 - g.
SUMMARIZED: dict[str, list[list[Any]]] = {
    # 1 - 4.25 = -3.25, of which 20 times, 5 times and 4.25 times
    "weighted_mean": [
        [1, "loss", 4.25],
        [1, "average_loss", 5.0],
        [1, "loss_per_example", 5.0, 20.0],
        [2, "loss", -13.8125],
        [2, "average_loss", -16.25],
        [2, "loss_per_example", 5.0, -65.0],
    ],
    # 1 - 13 = -12
    "two_terms": [
        [1, "loss", 13.0],
        [1, "average_loss/data", 4.0],
        [1, "loss_per_example/data", 5.0, 20.0],
        [1, "average_loss/data_2", 5.0],
        [1, "loss_per_example/data_2", 5.0, 20.0],
        [2, "loss", -156.0],
        [2, "average_loss/data", -48.0],
        [2, "loss_per_example/data", 5.0, -240.0],
        [2, "average_loss/data_2", -60.0],
        [2, "loss_per_example/data_2", 5.0, -240.0],
    ],
    # The first replica's, whose model_fn has these tags: 1, 2, 3; then 1 - 4.5 = -3.5 times that
    "own_tags": [
        [1, "loss", 4.5],
        [1, "average_loss", 2.0],
        [1, "loss_per_example", 3.0, 6.0],
        [2, "loss", -15.75],
        [2, "average_loss", -7.0],
        [2, "loss_per_example", 3.0, -21.0],
    ],
}


@pytest.mark.parametrize("name", sorted(SUMMARIZED))
def test_both_summaries_are_written_once(name: str) -> None:
    assert sorted(case("summarized")[name]) == sorted(SUMMARIZED[name])
