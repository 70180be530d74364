"""Races of a training step: which operations race, and what another order changes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.verifying import races
from migrate.verifying.verdict import Comparison, Outcome, Verdict


def a_rate_beside_the_count(step: Any, weight: Any) -> Any:
    return tf.group(weight.assign_sub(0.1 * tf.cast(step, tf.float32)), step.assign_add(1))


def a_rate_before_the_count(step: Any, weight: Any) -> Any:
    with tf.control_dependencies([weight.assign_sub(0.1 * tf.cast(step, tf.float32))]):
        return tf.group(step.assign_add(1))


def two_additions(step: Any, weight: Any) -> Any:
    return tf.group(step.assign_add(1), weight.assign_add(1.0), weight.assign_sub(2.0))


def two_products(step: Any, weight: Any) -> Any:
    """Each waits for a write first, so that hosting leaves their order alone."""
    with tf.control_dependencies([step.assign_add(1)]):
        return tf.group(weight.assign(weight * 0.5), weight.assign(weight * 0.9))


TRAIN_OPS: dict[Callable[..., Any], tuple[int, int]] = {
    # The races, and those that hosting leaves.
    a_rate_beside_the_count: (1, 0),
    a_rate_before_the_count: (0, 0),
    two_additions: (0, 0),
    two_products: (3, 3),  # each read with the other write, and both writes
}


def graph_of(make: Callable[..., Any]) -> tuple[tf.Graph, list[Any]]:
    with tf.Graph().as_default() as graph:
        step = tf1.train.create_global_step()
        weight = tf1.get_variable("weight", initializer=1.0)
        return graph, [tf.constant(0.0), make(step, weight)]


@pytest.mark.parametrize("make", TRAIN_OPS, ids=lambda each: each.__name__)
def test_races_are_found_and_settled(make: Callable[..., Any]) -> None:
    graph, ends = graph_of(make)
    settled = races.SettledRaces()
    settled(graph, ends)
    count, left = TRAIN_OPS[make]
    assert (len(settled.races), len(settled.remaining)) == (count - left, left)
    assert len(settled.notes) == bool(settled.races)
    assert not settled.on_references


def test_a_settled_race_is_told_with_its_order() -> None:
    settled = races.SettledRaces()
    settled(*graph_of(a_rate_beside_the_count))
    assert settled.notes == [
        "a session may run these in any order; reference and subject read global_step by "
        "Cast/ReadVariableOp before AssignAddVariableOp writes it"
    ]


def test_two_products_have_three_results() -> None:
    """One after the other: 0.45. Both read first: 0.5 or 0.9, as the last one writes."""
    found = set()
    for order in races.orders().values():
        graph, ends = graph_of(two_products)
        with graph.as_default(), tf1.Session() as session:
            [weight] = [v for v in tf1.global_variables() if v.op.name == "weight"]
            order(graph, ends)
            read = weight.read_value()
            session.run(tf1.global_variables_initializer())
            session.run(ends[1])
            found.add(round(float(session.run(read)), 3))
    assert found <= {0.45, 0.5, 0.9}
    assert len(found) >= 2


def test_differences_that_the_reference_has_from_itself_are_not_repeatable() -> None:
    def different(name: str, absolute: float) -> Comparison:
        return Comparison(name=name, outcome=Outcome.DIFFERENT, absolute=absolute)

    again = [[different("a", 0.1)], [different("a", 0.2)]]
    close = Comparison(name="c", outcome=Outcome.EQUIVALENT, absolute=1.0)
    found = [different("a", 1.9), different("b", 0.1), different("c", 1.0)]
    outcomes = [one.outcome for one in races.excuse(found, [*again, [close]], times=10)]
    # "c" differs from itself within the tolerances only, which is no race.
    assert outcomes == [Outcome.NOT_REPEATABLE, Outcome.DIFFERENT, Outcome.DIFFERENT]
    assert races.excuse([different("a", 2.1)], again, times=10)[0].outcome is Outcome.DIFFERENT


_X = np.random.RandomState(0).randn(32, 4).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((_X, _X[:, :1])).batch(8).repeat()


def two_losses(features: Any, labels: Any, mode: str) -> Any:
    """One Adam for two losses: each `minimize` advances the same powers of the betas."""
    middle = tf1.layers.dense(features, 3, name="a")
    outputs = tf1.layers.dense(middle, 1, name="b")
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer, step = tf1.train.AdamOptimizer(0.01), tf1.train.get_global_step()
    first, second = (
        [v for v in tf1.trainable_variables() if v.op.name.startswith(name)] for name in "ab"
    )
    train_op = tf.group(
        optimizer.minimize(loss, step, first), optimizer.minimize(loss, None, second)
    )
    return estimator_compat.EstimatorSpec(mode, outputs, loss, train_op)


class TwoLosses:
    """The same model; `powers` of 2 advances the powers of the betas twice in each step."""

    def __init__(self, powers: int) -> None:
        shapes = {"a/kernel": [4, 3], "a/bias": [3], "b/kernel": [3, 1], "b/bias": [1]}
        self.names, self.powers = tuple(shapes), powers
        self.variables = {
            name + slot: tf.Variable(tf.zeros(shape))
            for name, shape in shapes.items()
            for slot in ("", "/Adam", "/Adam_1")
        }
        self.variables |= {"beta1_power": tf.Variable(0.9), "beta2_power": tf.Variable(0.999)}

    def train_step(self, features: Any, labels: Any) -> Any:
        v = self.variables
        weights = [v[name] for name in self.names]
        with tf.GradientTape() as tape:
            outputs = (features @ weights[0] + weights[1]) @ weights[2] + weights[3]
            loss = tf.reduce_mean(tf.square(outputs - labels))
        rate = 0.01 * tf.sqrt(1 - v["beta2_power"]) / (1 - v["beta1_power"])
        for name, gradient in zip(self.names, tape.gradient(loss, weights), strict=True):
            m, n = v[f"{name}/Adam"], v[f"{name}/Adam_1"]
            m.assign(0.9 * m + 0.1 * gradient)
            n.assign(0.999 * n + 0.001 * tf.square(gradient))
            v[name].assign_sub(rate * m / (tf.sqrt(n) + 1e-8))
        for _ in range(self.powers):
            v["beta1_power"].assign(v["beta1_power"] * 0.9)
            v["beta2_power"].assign(v["beta2_power"] * 0.999)
        return loss


def verified(subject: Any) -> Verdict:
    target = migrate.Target(model_fn=two_losses, input_fns={"train": input_fn})
    return migrate.verify(target, subject, steps=4)


def test_a_program_that_races_is_not_repeatable() -> None:
    """An Estimator may advance the powers once or twice in a step; neither loop is wrong."""
    verdicts = [verified(TwoLosses(powers)) for powers in (1, 2)]
    assert {one.outcome for one in verdicts} <= {
        Outcome.NOT_REPEATABLE,
        Outcome.EQUIVALENT,
        Outcome.IDENTICAL,
    }
    raced = [one for one in verdicts if one.outcome is Outcome.NOT_REPEATABLE]
    assert raced
    said = " ".join(raced[0].races)
    assert "beta1_power" in said
    assert "beta2_power" in said
    assert "Adam_1/AssignVariableOp" in said or "Adam/AssignVariableOp" in said


def test_a_wrong_loop_of_a_program_that_races_is_different() -> None:
    class Wrong(TwoLosses):
        def train_step(self, features: Any, labels: Any) -> Any:
            return 3 * super().train_step(features, labels)

    assert verified(Wrong(2)).outcome is Outcome.DIFFERENT
