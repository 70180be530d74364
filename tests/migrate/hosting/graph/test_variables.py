"""The `tf.Variable`s that the graphs of a model_fn share."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import variables
from migrate.targets import Target


def declared(shape: Any, **options: Any) -> tuple[tf.Graph, list[tf.Operation]]:
    """Returns a graph with the variable `v`, and the handles of its variables."""
    with tf1.Graph().as_default() as graph:
        tf1.get_variable("v", shape, use_resource=True, **options)
    return graph, variables.handles(graph)


def test_a_model_fn_creates_resource_variables_only() -> None:
    def model_fn(features: Any) -> Any:
        """Creates a reference variable."""
        return tf1.get_variable("v", [2], use_resource=False)

    target = variables.with_resources(Target(model_fn=model_fn, input_fns=dict))
    assert target.model_fn.__doc__ == model_fn.__doc__
    with tf1.Graph().as_default() as graph:
        target.model_fn(None)
        assert [op.name for op in variables.handles(graph)] == ["v"]
    with tf1.Graph().as_default() as graph:
        model_fn(None)
        assert variables.handles(graph) == []


@pytest.mark.parametrize("trainable", [True, False])
def test_a_variable_is_created_once_with_zeros(trainable: bool) -> None:
    graph, ops = declared([2, 3], dtype=tf.float64, trainable=trainable)
    shared: variables.Variables = {}
    assert variables.create(ops, graph, shared) == {"v"}
    first = shared["v"]
    assert (first.name, first.dtype, first.trainable) == ("v:0", tf.float64, trainable)
    np.testing.assert_array_equal(first, np.zeros([2, 3]))
    assert variables.create(ops, graph, shared) == set()
    assert shared == {"v": first}


def test_a_variable_of_strings_has_empty_ones() -> None:
    graph, ops = declared([2], dtype=tf.string, initializer=tf1.constant_initializer("x"))
    shared: variables.Variables = {}
    variables.create(ops, graph, shared)
    assert shared["v"].numpy().tolist() == [b"", b""]


def test_a_size_that_is_not_known_stays_open() -> None:
    with tf1.Graph().as_default() as graph:
        values = tf1.placeholder_with_default(tf.ones([4, 2]), [None, 2])
        tf1.get_variable("v", initializer=values, validate_shape=False, use_resource=True)
    shared: variables.Variables = {}
    variables.create(variables.handles(graph), graph, shared)
    shared["v"].assign(tf.ones([4, 2]))
    assert shared["v"].shape.as_list()[:1] == [None] or shared["v"].shape.rank is None


def test_another_shape_is_refused() -> None:
    shared: variables.Variables = {}
    graph, ops = declared([2, 3])
    variables.create(ops, graph, shared)
    graph, ops = declared([2, 4])
    with pytest.raises(
        ValueError,
        match=r"'v' has the shape \(2, 3\) in one mode and \(2, 4\) in another; expected one "
        "shape; build it alike in all modes",
    ):
        variables.create(ops, graph, shared)
