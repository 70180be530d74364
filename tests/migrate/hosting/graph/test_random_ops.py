"""The random ops of a graph, those of loops and functions among them."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import determinism, random_ops


def in_a_loop(net: Any) -> Any:
    """Adds noise in each iteration of a loop; the iterations may overtake each other."""

    def body(index: Any, total: Any) -> Any:
        return index + 1, total + tf.random.uniform([3]) / tf.cast(index + 1, tf.float32)

    return tf.while_loop(lambda index, _: index < 50, body, (0, net))[1]


def test_random_ops_of_a_graph() -> None:
    with tf1.Graph().as_default() as graph:
        tf1.set_random_seed(1)
        used = tf.random.normal([2], name="used") + in_a_loop(tf.zeros([3]))[0]
        tf.random.normal([2], name="unused")
        found = random_ops.find(graph, [used])
        assert [(one.type, one.is_repeatable) for one in found] == [
            ("RandomStandardNormal", True),
            ("RandomUniform", False),
        ]
        determinism.make_deterministic(graph, [used])
        assert all(one.is_repeatable for one in random_ops.find(graph, [used]))


def _two_loops() -> Any:
    """Draws in the inner one of two loops, and behind a loop that draws nothing."""

    def outer(index: Any, total: Any) -> Any:
        return index + 1, in_a_loop(total)

    quiet = tf.while_loop(lambda x: x < 10, lambda x: x + 1, [tf.constant(0)])[0]
    drawn = tf.random.normal([3], name="outside") + tf.cast(quiet, tf.float32)
    return tf.while_loop(lambda index, _: index < 3, outer, (0, drawn))[1]


@pytest.mark.usefixtures("control_flow_v1")
def test_loops_of_control_flow_v1_are_made_to_draw_in_order() -> None:
    with tf1.Graph().as_default() as graph:
        tf1.set_random_seed(1)
        total = _two_loops()
        found = {one.type: one.is_repeatable for one in random_ops.find(graph, [total])}
        assert found == {"RandomStandardNormal": True, "RandomUniform": False}
        determinism.make_deterministic(graph, [total])
        assert all(one.is_repeatable for one in random_ops.find(graph, [total]))
        serial = {
            op.get_attr("frame_name").decode(): op.get_attr("parallel_iterations")
            for op in graph.get_operations()
            if op.type == "Enter"
        }
    assert serial == {"while/while_context": 10, "while_1/while_context": 1} | {
        name: 1 for name in serial if name.startswith("while_1/")
    }
    drawn = []
    for _ in range(3):
        with tf1.Session(graph=graph) as session:
            drawn.append(session.run(total).tolist())
    assert drawn[1:] == drawn[:1] * 2


def found_in(build: Callable[[], Any], seed: int | None = 1) -> list[Any]:
    with tf1.Graph().as_default() as graph:
        tf1.set_random_seed(seed)
        return [tuple(one) for one in random_ops.find(graph, [build()])]


def test_an_op_without_a_seed_is_not_repeatable() -> None:
    def build() -> Any:
        return tf.raw_ops.RandomUniform(shape=[3], dtype=tf.float32, seed=0, seed2=0, name="drawn")

    assert found_in(build) == [("drawn", "RandomUniform", False)]
    assert str(random_ops.RandomOp("drawn", "RandomUniform", False)) == "drawn (RandomUniform)"


def test_an_op_with_a_seed_of_its_own_is_repeatable() -> None:
    def build() -> Any:
        return tf.random.uniform([3], seed=5, name="drawn")

    name = "drawn/RandomUniform"
    assert found_in(build, seed=None) == [(name, "RandomUniform", True)]


def test_a_stateless_op_is_repeatable() -> None:
    def build() -> Any:
        return tf.raw_ops.StatelessRandomUniform(shape=[2], seed=[1, 2], name="drawn")

    assert found_in(build) == [("drawn", "StatelessRandomUniform", True)]


def test_an_op_that_is_only_waited_for_is_found() -> None:
    def build() -> Any:
        with tf.control_dependencies([tf.random.uniform([], name="waited_for")]):
            return tf.constant(1.0)

    assert [name for name, *_ in found_in(build)] == ["waited_for/RandomUniform"]


def test_a_function_is_looked_into() -> None:
    def build() -> Any:
        @tf.function
        def noisy(x: Any) -> Any:
            return x + tf.random.uniform([3], seed=7, name="drawn")

        return noisy(tf.zeros([3]))

    [(name, op_type, is_repeatable)] = found_in(build)
    assert name.endswith("/drawn/RandomUniform")
    assert (op_type, is_repeatable) == ("RandomUniform", True)


@pytest.mark.parametrize(("parallel", "repeatable"), [(1, True), (10, False)])
def test_an_op_in_a_loop_is_repeatable_if_one_iteration_follows_another(
    parallel: int, repeatable: bool
) -> None:
    def build() -> Any:
        return tf.while_loop(
            lambda x: tf.reduce_sum(x) < 9,
            lambda x: x + tf.random.uniform([3], seed=2, name="drawn"),
            [tf.zeros([3])],
            parallel_iterations=parallel,
            name="loop",
        )[0]

    [(name, op_type, is_repeatable)] = found_in(build)
    assert name.startswith("loop/")
    assert name.endswith("drawn/RandomUniform")
    assert (op_type, is_repeatable) == ("RandomUniform", repeatable)


def test_loops_that_draw_are_named() -> None:
    with tf1.Graph().as_default() as graph:
        tf.while_loop(lambda x: x < 3.0, lambda x: x + 1.0, [0.0], name="counts")
        tf.while_loop(lambda x: x < 3.0, lambda x: x + tf.random.uniform([]), [0.0], name="draws")
        tf.random.uniform([])
        assert random_ops.drawing_loops(graph) == ["draws"]
