"""Methods that layers of TensorFlow 1's `tf.keras` had."""

from pathlib import Path

import pytest

from tests.recording.commands import printed

pytestmark = pytest.mark.subprocess

# As on 1.15.5: `apply` calls the layer, a second call uses the same variables, and a layer of
# tf.layers keeps its own `apply`. 0.5 * (1 + 2) = 1.5.
APPLIED = """
import tensorflow as tf

half = tf.keras.initializers.Constant(0.5)
layer = tf.keras.layers.Dense(2, kernel_initializer=half, name="mine")
ones, twos = layer.apply(tf.ones([1, 2])), layer.apply(tf.constant([[1.0, 2.0]]))
dropped = tf.keras.layers.Dropout(1.0 - 1e-6).apply(tf.ones([1, 100]), training=True)
plain = tf.layers.Dense(2, kernel_initializer=half)
with tf.Session() as session:
    plain = plain.apply(tf.ones([1, 2]))
    session.run(tf.global_variables_initializer())
    print(session.run([ones, twos, plain]), session.run(dropped).sum())
print([one.name for one in layer.weights])
"""


def test_apply(tmp_path: Path) -> None:
    values, names = printed(APPLIED, tmp_path)
    assert values.replace(", dtype=float32", "") == (
        "[array([[1., 1.]]), array([[1.5, 1.5]]), array([[1., 1.]])] 0.0"
    )
    assert names == "['mine/kernel:0', 'mine/bias:0']"
