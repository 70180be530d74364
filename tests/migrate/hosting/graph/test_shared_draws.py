"""All functions of a graph draw the numbers that the calls of one session draw."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import determinism, shared_draws
from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.input_forms import OneBatch

DRAWS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "uniform": lambda shape: tf1.random.uniform(shape, seed=4),
    "bfloat16": lambda shape: tf1.random.uniform(shape, dtype=tf.bfloat16, seed=4),
    "normal": lambda shape: tf1.random.normal(shape, seed=4),
    "float64": lambda shape: tf1.random.normal(shape, dtype=tf.float64, seed=4),
    "truncated": lambda shape: tf1.random.truncated_normal(shape, seed=4),
    "int32": lambda shape: tf1.random.uniform(shape, maxval=9, dtype=tf.int32, seed=4),
    "int64": lambda shape: tf1.random.uniform(shape, maxval=9, dtype=tf.int64, seed=4),
    "dropout": lambda shape: tf1.nn.dropout(tf.ones(shape), rate=0.5, seed=4),
}
SIZES = ([2], [7, 3], [5000], [0], [3])


def _check_two_functions(
    argument: tf.Tensor, tensors: Sequence[tf.Tensor], values: Sequence[Any], expected: Any
) -> None:
    """Calls a function of each of two tensors in turn, and compares what they return."""
    built: Any = SimpleNamespace(
        graph=argument.graph, inputs=[argument], input_form=OneBatch(), element=argument, rewired={}
    )
    functions = GraphFunctions(built, {}, shares_draws=True)
    both = [functions.function([tensor]) for tensor in tensors]
    for index, value in enumerate(values):
        [found] = both[index % 2](tf.constant(value))
        np.testing.assert_array_equal(found.numpy(), expected[index])


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_numbers_of_a_session(draw: Callable[[tf.Tensor], tf.Tensor]) -> None:
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(3)
        shape = tf1.placeholder(tf.int32, [None])
        drawn = draw(shape)
        again = tf.identity(drawn)
        assert shared_draws.unshared(graph, [drawn]) == []
        with tf1.Session() as session:
            expected = [session.run(drawn, {shape: size}) for size in SIZES]
    _check_two_functions(shape, [drawn, again], SIZES, expected)


def _two_loops(size: tf.Tensor) -> tf.Tensor:
    """Draws in both of two loops, one in the other, and outside of them."""

    def inner(index: Any, total: Any) -> Any:
        return index + 1, total + tf1.random.uniform([2], seed=5) / tf.cast(index + 1, tf.float32)

    def outer(index: Any, total: Any) -> Any:
        total = tf.while_loop(lambda i, _: i < size, inner, (0, total))[1]
        return index + 1, total * tf1.random.normal([2], seed=6)

    begin = tf1.random.uniform([2], seed=7)
    return tf.while_loop(lambda index, _: index < 3, outer, (0, begin))[1]


@pytest.mark.usefixtures("control_flow_v1")
def test_loops_of_control_flow_v1_draw_the_numbers_of_a_session() -> None:
    sizes = [3, 1, 2, 4]
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(3)
        size = tf1.placeholder(tf.int32, [])
        drawn = _two_loops(size)
        again = tf.identity(drawn)
        determinism.make_deterministic(graph, [drawn])
        assert shared_draws.unshared(graph, [drawn]) == []
        with tf1.Session() as session:
            expected = [session.run(drawn, {size: one}) for one in sizes]
    _check_two_functions(size, [drawn, again], sizes, expected)


def test_ops_that_are_not_replaced() -> None:
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(3)
        shuffled = tf1.random.shuffle(tf.range(5), seed=2)
        looped = tf.while_loop(
            lambda i: i < 2, lambda i: i + tf1.random.uniform([], maxval=2, dtype=tf.int32), [0]
        )
        drawn = tf1.random.uniform([2], seed=1)
        found = shared_draws.unshared(graph, [shuffled, drawn, looped[0]])
    assert {op.type for op in found} <= {"RandomShuffle", "RandomUniformInt"}
    assert "RandomShuffle" in {op.type for op in found}
    assert drawn.op.name not in {op.name for op in found}
