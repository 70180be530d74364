"""Tests for migrate.graph_reading.recorded_facts: what a run is told as."""

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.names import Missing
from migrate.graph_reading.recorded_facts import fact_of
from migrate.translating.facts import TensorFact, Unknown


def test_a_module_that_has_any_name_is_no_tensor() -> None:
    # Programs pass `tf.contrib.layers` on. Of this one, each attribute can be read.
    module = Missing("tf.contrib.layers", with_names_below=True)
    assert hasattr(module, "dense_shape")
    assert fact_of([module, tf1.losses]) == [Unknown("module"), Unknown("tf.losses")]


def test_values() -> None:
    with tf.Graph().as_default():
        tensor = tf.zeros([2, 1], name="zeros")
        found = fact_of(
            {"x": tensor, "rate": np.float32(0.5), "units": (3, None), "type": tf.int64}
        )
    assert found == {
        "x": TensorFact("float32", (2, 1), "zeros:0"),
        "rate": 0.5,
        "units": (3, None),
        "type": Unknown("tf.int64"),
    }
