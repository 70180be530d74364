"""The learning rate and the gradient norm of a step, by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import optimizer_ops

RATE = 0.5


def values(
    optimizer: Any, gradients: dict[str, Any], names: tuple[str, ...] = ("a", "b")
) -> dict[str, Any]:
    """Returns the step values for an optimizer that applies gradients to variables."""
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        pairs = [
            (gradient, tf1.get_variable(name, initializer=np.ones_like(gradient)))
            for name, gradient in gradients.items()
        ]
        optimizer().apply_gradients([(tf.constant(gradient), v) for gradient, v in pairs])
        found = optimizer_ops.step_values(graph, names)
        session.run(tf1.global_variables_initializer())
        return dict(session.run(found))


TWO = {
    "a": np.array([3], np.float32),
    "b": np.array([0, 4], np.float32),
}  # the norm is sqrt(9 + 16) = 5
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "gradient descent": lambda: tf1.train.GradientDescentOptimizer(RATE),
    "momentum": lambda: tf1.train.MomentumOptimizer(RATE, 0.9),
    "adam": lambda: tf1.train.AdamOptimizer(RATE),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_has_one_rate_and_one_norm(optimizer: Any) -> None:
    assert values(optimizer, TWO) == {"learning_rate": RATE, "gradient_norm": 5.0}


def test_other_variables_are_left_out() -> None:
    found = values(OPTIMIZERS["gradient descent"], TWO, names=("b",))
    assert found == {"learning_rate": RATE, "gradient_norm": 4.0}
    assert values(OPTIMIZERS["gradient descent"], TWO, names=("c",)) == {}


def test_gradients_of_two_dtypes_are_added_in_the_wider_one() -> None:
    given = {"a": np.array([3], np.float32), "b": np.array([4], np.float64)}
    found = values(OPTIMIZERS["gradient descent"], given)
    assert found["gradient_norm"] == 5.0
    assert found["gradient_norm"].dtype == np.float64


def test_an_optimizer_that_is_written_out_has_no_values() -> None:
    with tf1.Graph().as_default() as graph:
        variable = tf1.get_variable("a", initializer=1.0)
        variable.assign_sub(RATE * variable)
        assert optimizer_ops.step_values(graph, ["a"]) == {}
