"""The recorder of the reference's training: which step it calls the first."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.verifying.recorder import TrainingRecorder, Values, moving


def recorded(rates: dict[str, list[float]], **options: Any) -> TrainingRecorder:
    """Trains a variable for each name; in each step it grows by the next rate of its list."""
    steps = len(next(iter(rates.values())))
    with tf.Graph().as_default():
        step = tf1.train.create_global_step()
        variables = {name: tf1.get_variable(name, initializer=1.0) for name in rates}
        loss = tf.add_n([v.read_value() for v in variables.values()])
        tf1.add_to_collection(tf1.GraphKeys.LOSSES, loss)
        with tf.control_dependencies([loss]):
            moves = [v.assign_add(tf.gather(rates[name], step)) for name, v in variables.items()]
            with tf.control_dependencies(moves):
                train_op = step.assign_add(1)
        hook = TrainingRecorder(steps, lambda _: None, **options)
        with tf1.train.MonitoredSession(hooks=[hook]) as session:
            for _ in range(steps):
                session.run(train_op)
    return hook


@pytest.mark.parametrize(
    ("rates", "first_step"),
    [
        ({"a": [1.0, 1.0], "b": [1.0, 1.0]}, 1),
        ({"a": [0.0, 0.0, 1.0, 1.0]}, 3),  # a warm-up
        ({"a": [1.0, 1.0, 1.0], "b": [0.0, 1.0, 1.0]}, 2),  # in turns
        ({"a": [1.0, 1.0, 1.0], "still": [0.0, 0.0, 0.0]}, 1),
        ({"a": [0.0] * 15 + [1.0]}, 16),  # gradients of 16 batches are added up
        ({"a": [1.0] * 20, "late": [0.0] * 15 + [1.0] * 5}, 1),  # a later phase
        ({"still": [0.0, 0.0]}, 1),
    ],
)
def test_the_first_step_is_one_that_moves_the_variables(
    rates: dict[str, list[float]], first_step: int
) -> None:
    hook = recorded(rates)
    assert hook.first_step == first_step
    assert hook.first["global_step"] == first_step
    for name, each in rates.items():
        assert hook.initial[name] == 1
        assert hook.first[name] == 1 + sum(each[:first_step])
        assert hook.final[name] == 1 + sum(each)
    assert len(hook.losses) == len(next(iter(rates.values())))


def test_weights_and_the_first_step_may_be_given() -> None:
    hook = recorded({"a": [0.0, 1.0]}, weights={"a": np.float32(5)}, first_step=1)
    assert [float(each["a"]) for each in (hook.initial, hook.first, hook.final)] == [5, 5, 6]


def test_variables_may_be_disturbed_after_each_step() -> None:
    def disturb(before: Values, after: Values) -> Values:
        return {"a": np.float32(after["a"] + 10 * (after["a"] - before["a"]))}

    hook = recorded({"a": [1.0, 2.0]}, disturbance=disturb)
    # 1 + 1 + 10 = 12; 12 + 2 + 20 = 34.
    assert [float(each["a"]) for each in (hook.first, hook.final)] == [12, 34]
    np.testing.assert_array_equal(hook.losses, [1, 12])


def test_what_moves_has_other_bits() -> None:
    before = {"a": np.float32(0), "b": np.float32(np.nan), "c": np.array([b"x"], object), "d": 1}
    after = {"a": np.float32(-0.0), "b": np.float32(np.nan), "c": np.array([b"y"], object)}
    assert moving(before, after) == ["a", "c"]
