"""One shared read of a variable instead of many; the step computes the same numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import determinism, variable_reads

BATCH = np.arange(12, dtype=np.float32).reshape(4, 3) / 7


def dense(x: Any, name: str, activation: Any = tf.tanh) -> Any:
    with tf1.variable_scope(name):
        kernel = tf1.get_variable("kernel", [3, 3], initializer=tf1.ones_initializer())
        bias = tf1.get_variable("bias", [3], initializer=tf1.zeros_initializer())
        return activation(x @ kernel + bias)


def adam() -> list[Any]:
    """Two layers under Adam; returns the loss and the train_op."""
    loss = tf.reduce_sum(dense(dense(tf.constant(BATCH), "one"), "two") ** 2)
    step = tf1.train.get_or_create_global_step()
    return [loss, tf1.train.AdamOptimizer(0.1).minimize(loss, step)]


def types(ends: list[Any]) -> list[str]:
    return [op.type for op in graph_traversal.topological_order(ends)]


def trained(build: Callable[[], list[Any]], *, shared: bool) -> tuple[list[Any], list[str]]:
    """Returns losses and variables of three steps, and the types of a step's operations."""
    with tf1.Graph().as_default() as graph:
        ends = build()
        if shared:
            variable_reads.share_reads(graph, ends)
        determinism.make_deterministic(graph, ends)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            losses = [session.run(ends)[0] for _ in range(3)]
            return [*losses, *session.run(tf1.global_variables())], types(ends)


def same(build: Callable[[], list[Any]]) -> tuple[list[str], list[str]]:
    """Returns a step's op types without and with shared reads; all numbers must be equal."""
    (before, all_types), (after, types_left) = (
        trained(build, shared=shared) for shared in (False, True)
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    return all_types, types_left


def test_one_read_serves_every_update() -> None:
    before, after = same(adam)
    # Forward, of 4 variables. Adam reads its two betas' powers for each of those, and once more
    # when it has updated them all.
    assert before.count("ReadVariableOp") == 4 + 4 * 2 + 2
    assert after.count("ReadVariableOp") == 4 + 2 + 2


def read_after_counting() -> list[Any]:
    count = tf1.get_variable("count", initializer=1.0)
    before = count.read_value()
    with tf.control_dependencies([count.assign_add(1.0)]):
        after = count.read_value()
    return [before + 10.0 * after, tf.no_op()]


def read_after_a_branch_that_counts() -> list[Any]:
    count = tf1.get_variable("count", initializer=1.0)
    before = count.read_value()
    counted = tf1.cond(before < 3.0, lambda: count.assign_add(1.0), lambda: tf.constant(0.0))
    with tf.control_dependencies([counted]):
        after = count.read_value()
    return [before + 10.0 * after, tf.no_op()]


# The counter starts at 1; the branch counts up to 3 only. A loss is the value that is read before
# the step counts, plus ten times the value that is read after it.
@pytest.mark.parametrize(
    ("build", "losses"),
    [
        (read_after_counting, [1 + 20, 2 + 30, 3 + 40]),
        (read_after_a_branch_that_counts, [1 + 20, 2 + 30, 3 + 30]),
    ],
)
def test_a_read_behind_a_write_is_its_own(build: Any, losses: list[float]) -> None:
    for shared in (False, True):
        assert trained(build, shared=shared)[0][:3] == losses


def test_each_variable_is_read() -> None:
    def build() -> list[Any]:
        one, two = (tf1.get_variable(name, initializer=2.0) for name in "ab")
        loss = one * one + two
        return [loss, tf1.train.GradientDescentOptimizer(0.1).minimize(loss)]

    _, after = same(build)
    assert after.count("ReadVariableOp") == 2


def test_a_summary_sees_the_shared_read() -> None:
    """The step halves a rate, and a summary takes a read of the rate that is replaced."""
    with tf1.Graph().as_default() as graph:
        rate = tf1.get_variable("rate", initializer=1.0)
        slow = tf.random.uniform([600, 600])
        for _ in range(8):
            slow = slow @ slow / 600.0
        first = rate.read_value()
        with tf.control_dependencies([slow]):
            second = tf.convert_to_tensor(rate)
        assert second.op.type == "ReadVariableOp"
        summary = second * 10.0
        ends = [rate.assign(second * 0.5), first * 2.0]
        variable_reads.share_reads(graph, ends)
        determinism.make_deterministic(graph, ends)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            assert session.run([summary, *ends]) == [10.0, 0.5, 2.0]


def test_loops_of_control_flow_v1_are_left_alone() -> None:
    def build() -> list[Any]:
        v = tf1.get_variable("v", initializer=0.5)
        loss = tf1.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * v), [0, 1.0])[1]
        return [loss, tf1.train.AdamOptimizer(0.1).minimize(loss)]

    enabled = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    try:
        before, after = same(build)
        assert "Enter" in before
        assert before == after
    finally:
        if enabled:
            tf1.enable_control_flow_v2()
