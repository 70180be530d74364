"""All functions of a graph draw the numbers that the calls of one session draw."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import shared_draws
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
    built: Any = SimpleNamespace(
        graph=graph, inputs=[shape], input_form=OneBatch(), element=shape, rewired={}
    )
    functions = GraphFunctions(built, {}, shares_draws=True)
    # Two functions, called in turn.
    both = [functions.function([tensor]) for tensor in (drawn, again)]
    for index, size in enumerate(SIZES):
        [found] = both[index % 2](tf.constant(size))
        np.testing.assert_array_equal(found.numpy(), expected[index])


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
