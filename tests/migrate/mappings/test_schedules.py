"""Tests for migrate.mappings.schedules: both sides, bit for bit, over 60 steps."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.mappings import schedules

CASES: dict[str, dict[str, Any]] = {
    "piecewise_constant": {"boundaries": [10, 20], "values": [0.1, 0.05, 0.01]},
    "piecewise_constant_decay": {"boundaries": [7], "values": [0.3, 0.1]},
    "cosine_decay": {"learning_rate": 0.3, "decay_steps": 40, "alpha": 0.1},
    "cosine_decay_restarts": {"learning_rate": 0.05, "first_decay_steps": 10},
    "cosine_decay_restarts, all": {
        "learning_rate": 0.05, "first_decay_steps": 10, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1,
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_both_sides_have_the_same_rates(case: str) -> None:
    name, given = case.partition(",")[0], CASES[case]
    row = schedules.ROWS[f"tf.train.{name}"]
    with tf.Graph().as_default(), tf1.Session() as session:
        step = tf1.placeholder(tf.int64, [])
        rate = getattr(tf1.train, name)(**{row.step: step}, **given)
        legacy = [session.run(rate, {step: number}) for number in range(60)]
    others = {key: value for key, value in given.items() if key not in row.arguments}
    made = getattr(keras.optimizers.schedules, row.keras)
    written = made(*(given[key] for key in row.arguments), **others)
    variable = tf.Variable(0, dtype=tf.int64)
    call = tf.function(lambda: written(variable))
    found = []
    for number in range(60):
        variable.assign(number)
        found.append(call().numpy())
    np.testing.assert_array_equal(found, legacy)


def test_each_row_has_a_case() -> None:
    cases = {f"tf.train.{case.partition(',')[0]}" for case in CASES}
    assert cases == set(schedules.ROWS)
