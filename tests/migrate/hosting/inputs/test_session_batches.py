"""Batches of a session as a Dataset."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.inputs.session_batches import SessionBatches


def queued() -> Any:
    [number] = tf1.train.slice_input_producer([np.arange(5)], shuffle=False, num_epochs=1)
    return {"n": tf1.train.batch([number], 2, allow_smaller_final_batch=True)}


def test_a_dataset_ends_with_the_input_and_begins_again() -> None:
    with tf.Graph().as_default() as graph:
        element = queued()
    dataset = SessionBatches(graph, element, estimator.RunConfig()).dataset()
    for _ in range(2):
        found = [batch["n"].tolist() for batch in dataset.as_numpy_iterator()]
        assert found == [[0, 1], [2, 3], [4]]


def test_a_dataset_may_be_left_before_its_end() -> None:
    with tf.Graph().as_default() as graph:
        element = queued()
    dataset = SessionBatches(graph, element, estimator.RunConfig()).dataset()
    assert [batch["n"].tolist() for batch in dataset.take(1).as_numpy_iterator()] == [[0, 1]]
