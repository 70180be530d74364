"""Reads what an input_fn yields, for the tests of input_fns over queues."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

tf1 = tf.compat.v1


def batches(input_fn: Callable[[], Any], most: int = 9) -> list[Any]:
    """Returns the first batches of an input_fn as nested lists, `most` of them or all."""
    found: list[Any] = []
    with tf.Graph().as_default():
        batch = input_fn()
        with tf1.train.MonitoredSession() as session:
            while not session.should_stop() and len(found) < most:
                found.append(session.run(batch))
    return [tf.nest.map_structure(lambda value: value.tolist(), batch) for batch in found]
