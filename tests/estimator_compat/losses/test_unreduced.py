"""A mark of unreduced losses belongs to a tensor of a graph."""

import tensorflow as tf

from estimator_compat.losses import unreduced


def test_a_mark_is_of_one_tensor() -> None:
    with tf.Graph().as_default():
        losses = tf.constant([1.0, 2.0], name="losses")
        unreduced.mark(losses)
        assert unreduced.is_marked(losses)
        assert not unreduced.is_marked(tf.identity(losses))
    with tf.Graph().as_default():
        assert not unreduced.is_marked(tf.constant([1.0, 2.0], name="losses"))


def test_an_eager_tensor_is_left_alone() -> None:
    with tf.init_scope():
        unreduced.mark(tf.constant(1.0))
