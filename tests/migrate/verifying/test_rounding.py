"""Differences that are rounding's own, and those that are not."""

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.hosting.loop import CustomLoop
from migrate.verifying import comparison, rounding
from migrate.verifying.verdict import Comparison, Outcome

_X = np.float32(np.random.RandomState(3).randn(8, 5))
_Y = np.float32(np.random.RandomState(4).randn(8, 1))
# Each column has rounding errors of its own. Of a single one, a run that is moved may happen to be
# less than a tenth as far away as a run of another order is: of two normal numbers, one is more
# than ten times the other in one case of sixteen. Over 64, the largest and the mean are alike.
_COLUMNS = 64


def model_fn(
    features: Any, labels: Any, mode: str, *, by: float = 3.0, rate: float = 0.01, seed: int = 1
) -> Any:
    """What `shift` adds is taken off again: its gradient is one of rounding errors.

    In exact arithmetic, `by` makes no difference.
    """
    initial = np.float32(np.random.RandomState(seed).randn(5, _COLUMNS))
    weights = tf1.get_variable("weights", initializer=initial)
    shift = tf1.get_variable("shift", [_COLUMNS], initializer=tf1.constant_initializer(0.3))
    made = tf.matmul(features["x"], weights)
    mean = tf.reduce_mean(made, 0)
    outputs = (made * by + shift * by) / by - (mean + shift)
    errors = tf.square(outputs - (0 if labels is None else labels))
    loss = tf.reduce_mean(tf.reduce_sum(errors, 1))
    train_op = tf1.train.AdamOptimizer(rate).minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, {"y": outputs}, loss=loss, train_op=train_op)


def target(**changes: Any) -> migrate.Target:
    return migrate.Target(
        model_fn=functools.partial(model_fn, **changes),
        input_fns=lambda: tf.data.Dataset.from_tensors(({"x": _X}, _Y)).repeat(20),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whole_steps_of_rounding_errors_are_equivalent(seed: int) -> None:
    verdict = migrate.verify(target(seed=seed), CustomLoop(target(by=7.0, seed=seed)), steps=20)
    assert verdict.outcome is Outcome.EQUIVALENT
    notes = {one.name: " ".join(one.notes) for one in verdict.stages}
    assert "taken for rounding: shift at step 1" in notes["one step"]


def test_a_wrong_loop_is_not_forgiven() -> None:
    verdict = migrate.verify(target(), CustomLoop(target(rate=0.0101)), steps=20)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, where = verdict.first
    assert (stage.name, where.name) == ("one step", "weights")


def test_each_weight_moves_to_a_neighbor() -> None:
    values: dict[str, np.ndarray] = {
        "a": np.array([[1.0, 0.0], [-2.0, 1e30]], np.float32),
        "b": np.array([5.0], np.float64),
        "step": np.array([7], np.int64),
        "slot": np.array([1.0], np.float32),
    }
    found = rounding.moved(values, {"a", "b", "step"})
    assert set(found) == {"a", "b"}
    for name, value in found.items():
        assert value.dtype == values[name].dtype
        distances = np.abs(value - values[name]) / np.abs(np.spacing(values[name]))
        np.testing.assert_array_less(distances, 1.1)  # below a power of two it is 0.5
        assert (value != values[name]).all()


def test_what_the_run_would_do_itself_is_forgiven() -> None:
    def different(name: str, absolute: float, note: str = "") -> Comparison:
        return Comparison(name=name, outcome=Outcome.DIFFERENT, absolute=absolute, note=note)

    # Ten times the run's own distance is 1.0 for a and 0.0 for c, which it computes exactly.
    own = [
        different("a", 0.1),
        different("b", 0.1),
        Comparison(name="c", outcome=Outcome.IDENTICAL),
    ]
    found = [different("a", 0.99), different("b", 1.01), different("c", 1e-9)]
    result, notes = rounding.forgiven([*found, different("a", 0.0, "another shape")], own)
    outcomes = [one.outcome for one in result]
    assert outcomes == [Outcome.EQUIVALENT, *[Outcome.DIFFERENT] * 3]
    assert notes == [
        "taken for rounding: a; the run from weights one unit in the last place away is as far "
        "from the run, or a 10th of it"
    ]


def test_a_fault_of_all_elements_does_not_hide_behind_the_noise_of_one() -> None:
    values = np.ones(400, np.float32)
    noisy, wrong = values.copy(), values + np.float32(0.1)
    noisy[0] += 0.1
    compare = functools.partial(comparison.compare, "a", values, tolerance=1e-6, smallest=1e-3)
    # The root mean square of a single 0.1 among 400 is 0.1 / 20; 0.1 is more than ten times that.
    for found, outcome in ((noisy, Outcome.EQUIVALENT), (wrong, Outcome.DIFFERENT)):
        assert rounding.forgiven([compare(found)], [compare(noisy)])[0][0].outcome is outcome


def losses(*relative: float) -> list[Comparison]:
    return [
        Comparison(
            name="loss",
            step=step,
            outcome=Outcome.DIFFERENT if one > 1e-6 else Outcome.EQUIVALENT,
            absolute=one,
            relative=one,
            tolerance=1e-6,
        )
        for step, one in enumerate(relative, 1)
    ]


def test_a_fault_that_begins_late_is_not_forgiven() -> None:
    """The run is chaotic: at step 4 it is as far from itself as it is from another training."""
    own = losses(1e-7, 1e-4, 1e-2, 1.0, 1.0)
    result, _ = rounding.forgiven(losses(0.0, 1e-7, 2e-4, 1e-2, 0.5), own)
    assert all(one.outcome is Outcome.EQUIVALENT for one in result)
    # From 1e-6, the tolerance, to 0.5 within one step, where the run's growth is from 1e-2 to 1.
    result, _ = rounding.forgiven(losses(0.0, 0.0, 0.0, 0.5, 0.5), own)
    assert [one.step for one in result if one.outcome is Outcome.DIFFERENT] == [4]


def test_a_run_that_jumps_itself_is_forgiven() -> None:
    own = losses(0.0, 0.01, 0.1)
    result, _ = rounding.forgiven(losses(0.0, 0.05, 0.1), own)
    assert all(one.outcome is Outcome.EQUIVALENT for one in result)


def test_what_is_not_finite_is_not_forgiven() -> None:
    own = losses(1e-7, float("inf"), float("inf"))
    result, notes = rounding.forgiven(losses(1e-7, float("inf"), 0.5), own)
    assert [one.outcome for one in result[1:]] == [Outcome.DIFFERENT] * 2
    assert notes == []
