"""Races in legacy training steps, and the order that replaces them."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import determinism


def racing(late: bool) -> tuple[Any, Any, Any]:
    """Increments the global step and reads it: after a slow operation, or after the increment."""
    step = tf1.train.get_or_create_global_step()
    count = step.assign(step + 1, read_value=False)
    slow = tf.while_loop(lambda x: x < 10000, lambda x: x + 1, [tf.constant(0)])
    with tf.control_dependencies([count if late else slow[0]]):
        read = step.read_value()
    return count, tf.identity(read, name="rate"), step


@pytest.fixture(params=["2", "1"])
def control_flow(request: pytest.FixtureRequest) -> None:
    if request.param == "1":
        request.getfixturevalue("control_flow_v1")


@pytest.mark.usefixtures("control_flow")
def test_the_step_is_read_before_it_is_counted() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        count, rate, step = racing(late=False)
        determinism.make_deterministic(graph, [rate, tf.group(count, rate)])
        session.run(step.initializer)  # the initializer waits for no read
        assert [session.run([rate, count])[0] for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("control_flow")
def test_a_read_that_waits_for_the_count_still_does() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        count, rate, step = racing(late=True)
        determinism.make_deterministic(graph, [rate, count])
        session.run(step.initializer)
        assert [session.run([rate, count])[0] for _ in range(3)] == [1, 2, 3]


def test_reads_and_writes_that_wait_for_each_other_make_no_circle() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        step = tf1.train.get_or_create_global_step()
        first = step.assign_add(1, read_value=False)
        second = step.assign_add(10, read_value=False)
        with tf.control_dependencies([first]):
            after_first = step.read_value()
        with tf.control_dependencies([second]):
            after_second = step.read_value()
        determinism.make_deterministic(graph, [after_first, after_second])
        session.run(step.initializer)
        # A session could have run the two writes in either order, and both before each read.
        seen = session.run([after_first, after_second])
        assert seen in ([1, 11], [11, 10], [11, 11])


def test_a_graph_without_a_global_step_is_left_as_it_is() -> None:
    with tf1.Graph().as_default() as graph:
        loss = tf.constant(1.0)
        determinism.make_deterministic(graph, [loss, None])
        assert [op.name for op in graph.get_operations()] == ["Const"]
