"""One call of the input_fn for each Dataset."""

import numpy as np
import tensorflow as tf

from migrate.hosting.inputs.inputs import Inputs
from migrate.targets import Target


def test_the_input_that_a_graph_was_built_with_comes_first() -> None:
    calls = []

    def input_fn() -> tf.data.Dataset:
        calls.append("called")
        return tf.data.Dataset.from_tensors(np.int64(1))

    inputs = Inputs(Target(model_fn=print, input_fns=input_fn))
    with tf.Graph().as_default() as graph:
        inputs.built("eval", graph, tf.data.Dataset.from_tensors(np.int64(2)))
    assert [list(inputs.dataset("eval").as_numpy_iterator()) for _ in "ab"] == [[2], [1]]
    assert calls == ["called"]
