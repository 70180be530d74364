"""Tests for migrate.graph_reading.training_reading: what is done to gradients and weights."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat.inputs import parse_input_fn_result
from migrate.graph_reading import training_reading
from migrate.targets import Built
from migrate.translating.facts import Call, Callee, Span
from migrate.translating.optimizer_rows import hyperparameter
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import ChangeKind, TrainingFacts

Step = Callable[[Any, list[Any], Any], Any]


def _built(step: Step) -> Built:
    """A TRAIN graph with the weights `w` and `v`; `step` makes the train_op."""
    graph = tf1.Graph()
    with graph.as_default():
        count = tf1.train.create_global_step()
        x = tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, -1.0]]).repeat().batch(2)
        inputs = parse_input_fn_result(x)
        w = tf1.get_variable("w", [2, 3])
        v = tf1.get_variable("v", [3])
        loss = tf.reduce_mean(tf.square(tf.matmul(inputs.features, w) * v - 1.0))
        train_op = step(loss, [w, v], count)
        spec = estimator.EstimatorSpec("train", loss=loss, train_op=train_op)
    return Built(graph, inputs, spec, estimator.RunConfig())


# The calls of a model_fn tell of optimizers that the program defines itself.
_CALL = Call(
    span=Span("", 0, 0, 0, 0),
    callee=Callee(),
    arguments={},
    result=None,
    iterations=(),
    variables=(),
    reads=(),
    scope="",
    calls=(),
    branches={},
    values={},
)


def _read(step: Step) -> TrainingFacts:
    return training_reading.read(_built(step), _CALL)


def _applied(change: Callable[[list[Any]], list[Any]]) -> Step:
    """A step that changes the gradients."""

    def step(loss: Any, weights: list[Any], count: Any) -> Any:
        gradients = change(tf1.gradients(loss, weights))
        optimizer = tf1.train.GradientDescentOptimizer(0.5)
        return optimizer.apply_gradients(zip(gradients, weights, strict=True), count)

    return step


CHANGES: dict[str, tuple[Callable[[list[Any]], list[Any]], list[tuple[ChangeKind, Any]]]] = {
    "none": (lambda gradients: gradients, []),
    "a norm": (
        lambda gradients: [tf.clip_by_norm(one, 2.0) for one in gradients],
        [(ChangeKind.CLIP_BY_NORM, {"w": (2.0,), "v": (2.0,)})],
    ),
    "values": (
        lambda gradients: [tf.clip_by_value(one, -1.0, 0.5) for one in gradients],
        [(ChangeKind.CLIP_BY_VALUE, {"w": (-1.0, 0.5), "v": (-1.0, 0.5)})],
    ),
    "a factor of one weight": (
        lambda gradients: [gradients[0] * 0.25, gradients[1]],
        [(ChangeKind.MULTIPLY, {"w": (0.25,)})],
    ),
    "a divisor, then a global norm": (
        lambda gradients: tf.clip_by_global_norm([one / 4.0 for one in gradients], 3.0)[0],
        [
            (ChangeKind.MULTIPLY, {"w": (0.25,), "v": (0.25,)}),
            (ChangeKind.CLIP_BY_GLOBAL_NORM, {"w": (3.0,), "v": (3.0,)}),
        ],
    ),
    "two global norms": (
        lambda gradients: [tf.clip_by_global_norm([one], 3.0)[0][0] for one in gradients],
        [
            (ChangeKind.CLIP_BY_GLOBAL_NORM, {"w": (3.0,)}),
            (ChangeKind.CLIP_BY_GLOBAL_NORM, {"v": (3.0,)}),
        ],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_changes_of_gradients_are_read(case: str) -> None:
    change, expected = CHANGES[case]
    found = _read(_applied(change))
    assert [(one.kind, dict(one.numbers)) for one in found.changes] == expected
    assert found.weights == ("w", "v")
    assert found.optimizers[0].rate == "0.5"


def _minimized(make: Callable[[Any], Any]) -> Step:
    """A step that minimizes another loss."""

    def step(loss: Any, _: list[Any], count: Any) -> Any:
        return tf1.train.GradientDescentOptimizer(0.5).minimize(make(loss), count)

    return step


def _twice(loss: Any, weights: list[Any], count: Any) -> Any:
    optimizer = tf1.train.GradientDescentOptimizer(0.5)
    first = optimizer.minimize(loss, count)
    return tf.group(first, tf1.train.MomentumOptimizer(0.5, 0.9).minimize(loss))


def _decayed(loss: Any, weights: list[Any], count: Any) -> Any:
    decay = [one.assign_sub(0.01 * one) for one in weights]
    with tf.control_dependencies(decay):
        return tf1.train.AdamOptimizer(0.5).minimize(loss, count)


def _clipped(loss: Any, weights: list[Any], count: Any) -> Any:
    minimized = tf1.train.GradientDescentOptimizer(0.5).minimize(loss, count)
    with tf.control_dependencies([minimized]):
        return tf.group(*[one.assign(tf.clip_by_value(one, -1.0, 1.0)) for one in weights])


REFUSED: dict[str, tuple[Step, str]] = {
    "weights that decay": (_decayed, "w is changed by the optimizer, and by the op"),
    "weights that are clipped": (_clipped, "(AssignVariableOp), too; expected the optimizer"),
    "a scaled loss": (_minimized(lambda loss: loss * 10.0), "something else than the gradient"),
    "another loss": (
        _minimized(lambda loss: loss + tf.reduce_sum(tf1.trainable_variables()[0] ** 2)),
        "something else than the gradient of the `loss`",
    ),
    "noise": (
        _applied(lambda gradients: [one + tf.random.normal(one.shape) for one in gradients]),
        "passes through the op",
    ),
    "a norm of some axes": (
        _applied(lambda gradients: [tf.clip_by_norm(gradients[0], 1.0, axes=[0]), gradients[1]]),
        "passes through the op",
    ),
    "a norm of other gradients": (
        _applied(
            lambda gradients: [
                tf.clip_by_global_norm([gradients[0]], 1.0, tf.linalg.global_norm(gradients))[0][0],
                gradients[1],
            ]
        ),
        "is not that of the gradients that it clips",
    ),
    "two optimizers of one weight": (_twice, "is updated by two optimizers in one step"),
    "no optimizer": (
        lambda loss, weights, count: tf1.assign_add(count, 1),
        "no optimizer of tf.train updates the weights",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_lost_is_refused(case: str) -> None:
    step, reason = REFUSED[case]
    with pytest.raises(Refusal) as raised:
        _read(step)
    assert reason in str(raised.value)


def _averaged(decay: float, *, counted: bool = False, ordered: bool = True) -> Step:
    def step(loss: Any, weights: list[Any], count: Any) -> Any:
        averages = tf1.train.ExponentialMovingAverage(decay, count if counted else None)
        if not ordered:
            moved = averages.apply(weights)
        minimized = tf1.train.GradientDescentOptimizer(0.5).minimize(loss, count)
        if not ordered:
            return tf.group(minimized, moved)
        with tf.control_dependencies([minimized]):
            return averages.apply(weights)

    return step


def test_moving_averages_are_read() -> None:
    found = _read(_averaged(0.9))
    assert found.averages is not None
    assert found.averages.decay == "0.9"
    assert found.averages.names == {
        "w": "w/ExponentialMovingAverage",
        "v": "v/ExponentialMovingAverage",
    }
    assert found.averages.ordered
    assert found.moved == ()


def test_a_decay_that_counts_steps_is_read() -> None:
    found = _read(_averaged(0.9, counted=True))
    assert found.averages is not None
    # tf.train.ExponentialMovingAverage: min(decay, (1 + num_updates) / (10 + num_updates))
    step = "tf.cast(step, tf.float32)"
    assert found.averages.decay == f"tf.minimum(0.9, (1.0 + {step}) / (10.0 + {step}))"
    assert found.averages.counts


def test_averages_that_nothing_orders_are_read() -> None:
    found = _read(_averaged(0.9, ordered=False))
    assert found.averages is not None
    assert not found.averages.ordered


@pytest.mark.parametrize("v2_control_flow", [False, True])
def test_conditions_of_a_rate_are_written(v2_control_flow: bool) -> None:
    def step(loss: Any, _: list[Any], count: Any) -> Any:
        rate = tf1.cond(count < 5, lambda: 0.1 * tf.cast(count, tf.float32), lambda: 0.5)
        return tf1.train.GradientDescentOptimizer(rate).minimize(loss, count)

    change = tf1.enable_control_flow_v2 if v2_control_flow else tf1.disable_control_flow_v2
    before = tf1.control_flow_v2_enabled()
    change()
    try:
        [optimizer] = _read(step).optimizers
    finally:
        (tf1.enable_control_flow_v2 if before else tf1.disable_control_flow_v2)()
    assert optimizer.rate == "tf.where(step < 5, 0.1 * tf.cast(step, tf.float32), 0.5)"


def test_the_rows_of_an_embedding_alone_are_read() -> None:
    graph = tf1.Graph()
    with graph.as_default():
        count = tf1.train.create_global_step()
        inputs = parse_input_fn_result(tf.data.Dataset.from_tensor_slices([0, 1, 1]).batch(3))
        table = tf1.get_variable("table", [4, 2])
        loss = tf.reduce_sum(tf.nn.embedding_lookup(table, inputs.features) ** 2)
        train_op = tf1.train.GradientDescentOptimizer(0.25).minimize(loss, count)
        spec = estimator.EstimatorSpec("train", loss=loss, train_op=train_op)
    [optimizer] = training_reading.read(
        Built(graph, inputs, spec, estimator.RunConfig()), _CALL
    ).optimizers
    assert (optimizer.kernel, optimizer.rate) == ("ApplyGradientDescent", "0.25")
    assert optimizer.sparse == ("table",)


def _named(loss: Any, weights: list[Any], count: Any) -> Any:
    with tf1.variable_scope("OptimizeLoss"):
        return tf1.train.AdagradOptimizer(0.5, 0.2, name="Mine").minimize(loss, count)


def test_slots_in_a_variable_scope_are_read() -> None:
    found = _read(_named)
    [optimizer] = found.optimizers
    assert (optimizer.scope, optimizer.ends) == ("OptimizeLoss/", ("Mine",))
    assert float(hyperparameter(optimizer, "slot:Adagrad") or 0.0) == pytest.approx(0.2)
    assert found.moved == ()


def _twins(loss: Any, weights: list[Any], count: Any) -> Any:
    gradients = tf1.gradients(loss, weights)
    updates = [
        tf1.train.AdamOptimizer(0.5).apply_gradients([pair])
        for pair in zip(gradients, weights, strict=True)
    ]
    return tf.group(*updates, tf1.assign_add(count, 1))


def test_two_optimizers_with_the_same_hyperparameters_stay_two() -> None:
    found = _read(_twins).optimizers
    assert [one.weights for one in found] == [("w",), ("v",)]
    assert [one.powers["beta1_power"] for one in found] == ["beta1_power", "beta1_power_1"]
    assert [one.ends for one in found] == [("Adam", "Adam_1")] * 2


def test_a_variable_that_is_scattered_into_is_moved() -> None:
    def step(loss: Any, weights: list[Any], count: Any) -> Any:
        centers = tf1.get_variable("centers", [3], trainable=False)
        unused = tf1.get_variable("unused", [3], trainable=False)
        tf1.scatter_sub(unused, [0], [1.0])
        with tf.control_dependencies([tf1.scatter_sub(centers, [0, 2], [1.0, 2.0])]):
            return tf1.train.GradientDescentOptimizer(0.5).minimize(loss, count)

    assert _read(step).moved == ("centers",)
