"""Summaries that are serialized after the step that computed their tensors."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import summary_functions


def values(serialized: Any) -> dict[str, float]:
    found = {}
    for one in serialized:
        for value in tf1.Summary.FromString(one.numpy()).value:
            found[value.tag] = value.simple_value
    return found


def test_a_summary_does_not_wait_for_operations_of_the_step() -> None:
    with tf.Graph().as_default():
        fed = tf1.placeholder(tf.float32, [], name="fed")
        moved = tf1.get_variable("v", [], use_resource=True).assign(fed)
        with tf1.control_dependencies([moved]):
            first = tf1.summary.scalar("first", fed * 2.0)
            second = tf1.summary.scalar("second", fed * 3.0)
        merged = tf1.summary.merge([first, second])
        tensors = summary_functions.summarized_tensors([merged, first])
        assert [tensor.op.type for tensor in tensors] == ["Mul", "Mul"]  # each tensor once
        serialize = summary_functions.serializer(tensors, [merged, first])
    found = serialize(tf.constant(4.0), tf.constant(6.0))
    assert values(found[:1]) == {"first": 4.0, "second": 6.0}
    assert values(found[1:]) == {"first": 4.0}


def test_a_summary_of_an_unknown_kind_stands_for_itself() -> None:
    with tf.Graph().as_default():
        own = tf1.placeholder(tf.string, [])
        histogram = tf1.summary.histogram("h", tf1.placeholder(tf.float32, [None]))
        tensors = summary_functions.summarized_tensors([own, histogram])
        serialize = summary_functions.serializer(tensors, [own, histogram])
    given, found = serialize(tf.constant("mine"), tf.constant([1.0, 2.0]))
    assert given.numpy() == b"mine"
    [value] = tf1.Summary.FromString(found.numpy()).value
    assert (value.tag, value.histo.sum) == ("h", np.float64(3.0))
