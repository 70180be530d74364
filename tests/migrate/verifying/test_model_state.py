"""Which state is the optimizer's, and which is the model's."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.verifying.model_state import optimizer_state


def named(name: str, value: float = 0.0) -> Any:
    return tf1.get_variable(name, initializer=value, trainable=False)


def adam(loss: Any, weight: Any) -> Any:
    return tf1.train.AdamOptimizer(0.1).minimize(loss, tf1.train.get_global_step())


def by_hand(loss: Any, weight: Any) -> Any:
    """A momentum and a rate that the model_fn keeps itself."""
    momentum, rate = named("momentum"), named("rate", 0.1)
    moved = momentum.assign(0.9 * momentum + tf.gradients(loss, weight)[0])
    with tf.control_dependencies([rate.assign(rate * 0.9)]):
        return weight.assign_sub(rate.read_value() * moved)


def averaged(loss: Any, weight: Any) -> Any:
    """An average of the weights, and a counter of the examples: nothing depends on them."""
    trained = tf1.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.control_dependencies([trained]):
        average = tf1.train.ExponentialMovingAverage(0.9).apply([weight])
        return tf.group(average, named("seen").assign_add(1.0))


@pytest.mark.parametrize("resources", [True, False])
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (adam, {"weight/Adam", "weight/Adam_1", "beta1_power", "beta2_power"}),
        (by_hand, {"momentum", "rate"}),
        (averaged, set()),
    ],
)
def test_only_the_updates_depend_on_the_optimizers_state(
    make: Callable[..., Any], expected: set[str], resources: bool
) -> None:
    with (
        tf.Graph().as_default() as graph,
        tf1.variable_scope("", use_resource=resources),
    ):
        tf1.train.create_global_step()
        weight = tf1.get_variable("weight", initializer=1.0)
        loss = tf.square(weight)
        found = optimizer_state(graph, loss, make(loss, weight))
    assert found == {*expected, "global_step"}


def test_state_that_the_loss_depends_on_is_the_models() -> None:
    with tf.Graph().as_default() as graph:
        weight = tf1.get_variable("weight", initializer=1.0)
        state = named("state", 1.0)
        loss = tf.square(weight) * state
        trained = tf1.train.GradientDescentOptimizer(0.1).minimize(loss)
        found = optimizer_state(graph, loss, tf.group(trained, state.assign_add(1.0)))
    assert found == {"global_step"}
