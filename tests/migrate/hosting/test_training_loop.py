"""A training step whose input has ended runs nothing."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    """Its loss is a random number, which needs no input."""
    weight = tf1.get_variable("weight", initializer=1.0)
    loss = 0.0 * tf.reduce_mean(features * weight) + tf1.random_uniform([], seed=4)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)


def three() -> Any:
    return tf.data.Dataset.from_tensors(np.ones([2], np.float32)).repeat(3)


def hosted() -> Any:
    return migrate.host(model_fn, input_fn=three)


def test_each_training_draws_from_the_beginning() -> None:
    """As each session of the Estimator 2.15.1 did, whose op has the same seed again."""
    twice, once = hosted(), hosted()
    first, second = list(twice.train(three())), list(twice.train(three()))
    assert first == second == list(once.train(three().repeat(), steps=6))[:3]
    assert len(set(first)) == 3
