"""The values of an EstimatorSpec become the tensors that a session fetches."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import fetches


class Spec(NamedTuple):
    loss: Any = None
    train_op: Any = None
    predictions: Any = None


def test_a_variable_becomes_the_tensor_that_reads_it() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        variable = tf1.get_variable("v", initializer=3.0, use_resource=True)
        given = Spec(variable, variable.assign_add(1.0), {"y": (variable, None)})
        spec = fetches.as_fetches(given, graph)
        session.run(variable.initializer)
        assert isinstance(spec.loss, tf.Tensor)
        assert spec.loss.dtype == tf.float32  # a handle has the dtype resource
        assert session.run(spec.predictions["y"][0]) == 3.0
        assert spec.predictions["y"][1] is None
        assert session.run(spec.train_op) == 4.0  # read after 1 was added


def test_operations_and_missing_values_stay() -> None:
    with tf1.Graph().as_default() as graph:
        op = tf.no_op()
        assert fetches.as_fetches(Spec(train_op=op), graph) == Spec(train_op=op)


def test_the_parts_of_a_sparse_tensor_are_fetched() -> None:
    with tf1.Graph().as_default() as graph:
        scale = tf1.get_variable("scale", initializer=[2.0], use_resource=True)
        sparse = tf.SparseTensor([[1]], scale, [3])
        spec = fetches.as_fetches(Spec(predictions=sparse), graph)
        with tf1.Session() as session:
            session.run(scale.initializer)
            dense = session.run(tf.sparse.to_dense(spec.predictions))
        np.testing.assert_array_equal(dense, [0, 2, 0])


def test_metrics_are_pairs_of_a_value_and_an_update() -> None:
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        total = tf1.get_variable("total", initializer=5.0, use_resource=True)
        metrics = fetches.as_metric_fetches({"total": (total, total.assign_add(2.0))}, graph)
        session.run(total.initializer)
        value, update = metrics["total"]
        assert session.run(update) == 7.0
        assert session.run(value) == 7.0
