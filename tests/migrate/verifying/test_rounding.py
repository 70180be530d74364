"""Differences that are attributed to rounding, and differences that are not."""

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
# Each column has rounding errors of its own. With a single column, the perturbed training may by
# chance differ less than a tenth as much as a training that adds in another order: of two normal
# numbers, one is more than ten times the other in one case of sixteen. Over 64 columns, the largest
# difference and the mean are about equal in both trainings.
_COLUMNS = 64


def model_fn(
    features: Any, labels: Any, mode: str, *, by: float = 3.0, rate: float = 0.01, seed: int = 1
) -> Any:
    """Adds `shift` and subtracts it again, so that its gradient consists of rounding errors.

    In exact arithmetic, the outputs do not depend on `by`.
    """
    initial = np.float32(np.random.RandomState(seed).randn(5, _COLUMNS))
    weights = tf1.get_variable("weights", initializer=initial)
    shift = tf1.get_variable("shift", [_COLUMNS], initializer=tf1.constant_initializer(0.3))
    products = tf.matmul(features["x"], weights)
    mean = tf.reduce_mean(products, 0)
    outputs = (products * by + shift * by) / by - (mean + shift)
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
    assert "attributed to rounding: shift at step 1" in notes["one step"]


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
    found = rounding.perturb(values, {"a", "b", "step"})
    assert set(found) == {"a", "b"}
    for name, value in found.items():
        assert value.dtype == values[name].dtype
        distances = np.abs(value - values[name]) / np.abs(np.spacing(values[name]))
        np.testing.assert_array_less(distances, 1.1)  # just below a power of two it is 0.5
        assert (value != values[name]).all()


def test_differences_as_large_as_the_sensitivity_are_forgiven() -> None:
    def different(name: str, absolute: float, note: str = "") -> Comparison:
        return Comparison(name=name, outcome=Outcome.DIFFERENT, absolute=absolute, note=note)

    # Ten times the reference's sensitivity is 1.0 for a and 0.0 for c, which it computes exactly.
    own = [
        different("a", 0.1),
        different("b", 0.1),
        Comparison(name="c", outcome=Outcome.IDENTICAL),
    ]
    found = [different("a", 0.99), different("b", 1.01), different("c", 1e-9)]
    result, notes = rounding.forgive([*found, different("a", 0.0, "another shape")], own)
    outcomes = [one.outcome for one in result]
    assert outcomes == [Outcome.EQUIVALENT, *[Outcome.DIFFERENT] * 3]
    assert notes == [
        "attributed to rounding: a; the reference, trained again from weights one unit in the last "
        "place away, differs from itself by at least a 10th as much"
    ]


def test_a_fault_of_all_elements_does_not_hide_behind_the_noise_of_one() -> None:
    values = np.ones(400, np.float32)
    noisy, wrong = values.copy(), values + np.float32(0.1)
    noisy[0] += 0.1
    compare = functools.partial(comparison.compare, "a", values, tolerance=1e-6, smallest=1e-3)
    # The root mean square of a single 0.1 among 400 is 0.1 / 20; 0.1 is more than ten times that.
    for found, outcome in ((noisy, Outcome.EQUIVALENT), (wrong, Outcome.DIFFERENT)):
        assert rounding.forgive([compare(found)], [compare(noisy)])[0][0].outcome is outcome


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
    """The reference is chaotic: at step 4 the perturbed training is as far away as another one."""
    own = losses(1e-7, 1e-4, 1e-2, 1.0, 1.0)
    result, _ = rounding.forgive(losses(0.0, 1e-7, 2e-4, 1e-2, 0.5), own)
    assert all(one.outcome is Outcome.EQUIVALENT for one in result)
    # From 1e-6, the tolerance, to 0.5 within one step; the reference grows from 1e-2 to 1 there.
    result, _ = rounding.forgive(losses(0.0, 0.0, 0.0, 0.5, 0.5), own)
    assert [one.step for one in result if one.outcome is Outcome.DIFFERENT] == [4]


def test_a_jump_that_the_reference_makes_too_is_forgiven() -> None:
    own = losses(0.0, 0.01, 0.1)
    result, _ = rounding.forgive(losses(0.0, 0.05, 0.1), own)
    assert all(one.outcome is Outcome.EQUIVALENT for one in result)


def test_what_is_not_finite_is_not_forgiven() -> None:
    own = losses(1e-7, float("inf"), float("inf"))
    result, notes = rounding.forgive(losses(1e-7, float("inf"), 0.5), own)
    assert [one.outcome for one in result[1:]] == [Outcome.DIFFERENT] * 2
    assert notes == []


def test_an_accepted_difference_is_carried_on() -> None:
    """The subject's first update is 1e-5 too long, and has 2e-6 in an element of its own."""
    before = {"w": np.zeros(3), "step": np.array(0)}
    reference = {"w": np.array([1.0, 2.0, 0.0]), "step": np.array(1)}
    subject = {"w": np.array([1.0 + 1e-5, 2.0 + 2e-5, 2e-6]), "step": np.array(1)}
    disturb = rounding.carry(before, reference, subject, ["step", "w"], 1e-4)
    np.testing.assert_allclose(disturb(before, reference)["w"], subject["w"], rtol=1e-12)
    # The next update has half the size: half the difference, in its own direction.
    after = {"w": np.array([1.0, 2.0, 1.0]), "step": np.array(2)}
    disturbed = disturb(reference, after)
    assert set(disturbed) == {"w"}
    np.testing.assert_allclose(disturbed["w"], [1.0, 2.0, 1 + 1e-5 + 1e-6], rtol=1e-12)


def test_the_rounding_of_a_small_update_is_not_carried_on() -> None:
    """A unit in the last place is a tenth of the first update; only the tolerance is carried."""
    before, after = {"w": np.array([1.0])}, {"w": np.array([1.001])}
    disturb = rounding.carry(before, after, {"w": np.array([1.0011])}, ["w"], 1e-4)
    larger = {"w": np.array([2.0])}
    np.testing.assert_allclose(disturb(before, larger)["w"], 2.0 + 1e-4, rtol=1e-12)


def test_the_largest_of_several_samples_counts() -> None:
    one, other = losses(0.0, 0.01), losses(0.0, 0.1)
    found = losses(0.0, 0.5)
    assert rounding.forgive(found, one)[0][1].outcome is Outcome.DIFFERENT
    assert rounding.forgive(found, one, other)[0][1].outcome is Outcome.EQUIVALENT
    assert rounding.is_close(found, one)
    assert not rounding.is_close(losses(0.0, 1.1), one)  # more than a hundred times 0.01
    assert not rounding.is_close(found)
