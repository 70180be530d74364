"""Gradients of sums and means that can be multiplied later, by hand."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.replicas import gradient_scales

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)

# A reduction, the weights of its results, and the gradient of the weighted sum.
CASES: dict[str, tuple[Any, Any, Any]] = {
    "sum of all": (tf.reduce_sum, 10.0, np.full([2, 3], 10)),
    "sum of rows": (lambda x: tf.reduce_sum(x, 1), [10.0, 20.0], [[10] * 3, [20] * 3]),
    "sum of the last axis": (lambda x: tf.reduce_sum(x, -1), [10.0, 20.0], [[10] * 3, [20] * 3]),
    "sum that keeps its axes": (
        lambda x: tf.reduce_sum(x, [0], keepdims=True),
        [[1.0, 2.0, 3.0]],
        [[1, 2, 3], [1, 2, 3]],
    ),
    "mean of all": (tf.reduce_mean, 12.0, np.full([2, 3], 2)),  # 12 / 6 elements
    "mean of columns": (
        lambda x: tf.reduce_mean(x, 0),
        [2.0, 4.0, 6.0],
        [[1, 2, 3], [1, 2, 3]],  # half of each weight
    ),
    "half of the squares": (tf.nn.l2_loss, 10.0, 10 * X),
}


@pytest.mark.parametrize(("reduce", "weights", "expected"), CASES.values(), ids=CASES)
def test_a_gradient_is_multiplied_by_its_scale(reduce: Any, weights: Any, expected: Any) -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        x = tf.constant(X)
        with gradient_scales.recorded(graph):
            reduced = reduce(x)
        [gradient] = tf1.gradients([reduced], [x], grad_ys=[tf.constant(weights)])
        [(op, scale)] = gradient_scales.scales(graph)
        assert op is reduced.op
        np.testing.assert_array_equal(session.run(gradient), expected)
        np.testing.assert_array_equal(session.run(gradient, {scale: 0.5}), np.asarray(expected) / 2)


def test_a_share_of_zero_has_no_gradient_even_if_that_is_not_a_number() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        x = tf.constant(X)
        with gradient_scales.recorded(graph):
            loss = tf.reduce_sum(x)
        [gradient] = tf1.gradients([loss], [x], grad_ys=[tf.constant(np.nan)])
        [(_, scale)] = gradient_scales.scales(graph)
        np.testing.assert_array_equal(session.run(gradient, {scale: 0.0}), np.zeros([2, 3]))


def test_outside_the_context_nothing_is_recorded() -> None:
    with tf1.Graph().as_default() as graph:
        x = tf.constant(X)
        with gradient_scales.recorded(graph):
            pass
        tf1.gradients(tf.reduce_sum(x), x)
        assert gradient_scales.scales(graph) == []
