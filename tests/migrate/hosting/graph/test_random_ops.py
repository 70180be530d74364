"""The random ops of a graph, those of loops and functions among them."""

from typing import Any

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
