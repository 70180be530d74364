"""Methods of TensorFlow 1's variables, under the facade."""

from pathlib import Path

import pytest

from tests.recording.commands import printed

PROGRAM = """
import tensorflow as tf
dense = tf.keras.layers.Dense(1, kernel_initializer="ones")
dense(tf.ones([2, 3]))
plain = tf.get_variable("v", initializer=2.0)
# Gradient accumulation makes a variable of zeros for each variable of the model.
zeros = [tf.Variable(tf.zeros_like(v.initialized_value())) for v in tf.trainable_variables()]
twice = tf.Variable(2.0 * dense.kernel.initialized_value())
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print([value.tolist() for value in session.run(zeros)], session.run(twice).tolist())
"""


@pytest.mark.subprocess
def test_variables_of_legacy_keras_layers_have_an_initialized_value(tmp_path: Path) -> None:
    assert printed(PROGRAM, tmp_path) == [
        "[[[0.0], [0.0], [0.0]], [0.0], 0.0] [[2.0], [2.0], [2.0]]"
    ]
