"""Layers of legacy Keras, kept while legacy graphs are built."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from migrate.verifying import tf_keras_classes

ONES = tf.ones([2, 3])


class Block(tf_keras.layers.Layer):
    """A layer that a model_fn and a loop share."""

    def call(self, x: Any) -> Any:
        return 2.0 * x


class Net(tf_keras.Model):
    """A model that a model_fn and a loop share."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = tf_keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def kept() -> list[Any]:
    inputs = tf_keras.Input([3])
    functional = tf_keras.Model(inputs, tf_keras.layers.Dense(1)(inputs))
    layers = tf_keras.layers
    sequence = tf_keras.Sequential([layers.Reshape([1, 3]), layers.GRU(2)])
    return [
        Block(),
        Net(),
        functional,
        sequence,
        layers.Dense(2),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
    ]


def build_legacy_graph() -> Any:
    with tf.Graph().as_default():
        x = tf1.layers.dense(tf.ones([2, 3]), 3)
        x = tf1.layers.dropout(tf1.layers.batch_normalization(x, training=True), training=True)
        x = Block()(x)
        Net()(x)
        tf_keras.Sequential([tf_keras.layers.Dense(1)])(x)
        tf1.nn.dynamic_rnn(tf1.nn.rnn_cell.GRUCell(2), tf.ones([2, 1, 3]), dtype=tf.float32)
        return tf1.layers.dense


def test_they_die_without_us() -> None:
    """The control: if this fails, tf_keras has been mended, and the module is not needed."""
    objects = kept()
    try:
        build_legacy_graph()
        for each in objects:
            with pytest.raises(ValueError, match="Your Layer or Model is in an invalid state"):
                each(ONES)
    finally:
        tf_keras_classes.restore_v2_bases()


def test_they_live_between_graphs() -> None:
    objects = kept()
    for _ in range(3):
        build_legacy_graph()
        tf_keras_classes.restore_v2_bases()
        for each in objects:
            each(ONES)


def test_classes_that_were_swapped_in_part() -> None:
    objects = kept()
    build_legacy_graph()
    Net()  # made in eager mode: its own bases are swapped back, and not those of the others
    tf_keras_classes.restore_v2_bases()
    for each in objects:
        each(ONES)


def test_the_classes_for_graphs_stay_as_they_are() -> None:
    legacy = tf1.layers.Layer
    before = legacy.__bases__
    build_legacy_graph()
    tf_keras_classes.restore_v2_bases()
    assert legacy.__bases__ == before
    assert list(tf_keras_classes._swapped_classes(tf_keras)) == []


def test_a_metric_of_a_graph() -> None:
    """Its base class is abstract: no object of it can be made."""
    with tf.Graph().as_default():
        tf_keras.metrics.Mean()
    tf_keras_classes.restore_v2_bases()
    assert list(tf_keras_classes._swapped_classes(tf_keras)) == []
