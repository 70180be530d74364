"""On one device, an element of the input is the batch of the graph."""

import tensorflow as tf

from migrate.hosting.graph.input_forms import InputForm, OneBatch


def test_one_batch_is_left_as_it_is() -> None:
    form: InputForm = OneBatch()
    dataset, element = tf.data.Dataset.range(3), ({"x": 1}, 2)
    assert form.elements(dataset) is dataset
    assert form.arguments(element) is element
