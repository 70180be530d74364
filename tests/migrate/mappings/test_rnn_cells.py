"""Tests for migrate.mappings.rnn_cells: each cell in `keras.layers.RNN` against `dynamic_rnn`."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)
from migrate.mappings import rnn_cells

_UNITS, _LENGTHS = 3, np.array([4, 2, 1], np.int32)
_INPUTS = np.random.RandomState(0).normal(size=[3, 4, 2]).astype(np.float32)


def _legacy(name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The variables, and the outputs, the state and the gradients."""
    with tf.Graph().as_default(), tf1.Session() as session:
        cell = getattr(tf1.nn.rnn_cell, name.rpartition(".")[2])(_UNITS)
        outputs, state = tf1.nn.dynamic_rnn(
            cell, tf.constant(_INPUTS), sequence_length=_LENGTHS, dtype=tf.float32
        )
        weights = tf1.trainable_variables()
        gradients = tf1.gradients(tf.reduce_sum(outputs**2), weights)
        session.run(tf1.global_variables_initializer())
        initial = {v.op.name: session.run(v) for v in weights}
        random = np.random.RandomState(1)
        for one in weights:
            one.load(random.normal(size=one.shape).astype(np.float32), session)
        before = {v.op.name: session.run(v) for v in weights}
        found = session.run([outputs, list(tf.nest.flatten(state)), gradients])
    return before, {
        "outputs": found[0],
        "state": found[1],
        "gradients": found[2],
        "initial": initial,
    }


@pytest.mark.parametrize("name", rnn_cells.ROWS)
def test_the_cell_has_the_bits_of_the_legacy_one(name: str) -> None:
    row = rnn_cells.ROWS[name]
    before, legacy = _legacy(name)
    names: dict[str, Any] = {"tf": tf, "keras": keras, "Any": Any}
    exec(row.source, names)
    layer = keras.layers.RNN(
        names[row.name](_UNITS), return_sequences=True, return_state=True, zero_output_for_mask=True
    )
    mask = tf.sequence_mask(_LENGTHS, 4)
    layer(tf.constant(_INPUTS), mask=mask)
    variables = []
    for legacy_name, value in before.items():
        [path] = [p for end, p in row.variables.items() if legacy_name.endswith(f"/{end}")]
        found: Any = layer.cell
        for part in path.split("."):
            found = getattr(found, part)
        if "bias" in legacy_name:  # zeros, but for the gates of a GRU
            np.testing.assert_array_equal(found.value, legacy["initial"][legacy_name])
        found.assign(value)
        variables.append(found.value)

    @tf.function
    def run() -> Any:
        with tf.GradientTape() as tape:
            outputs, *state = layer(tf.constant(_INPUTS), mask=mask)
            loss = tf.reduce_sum(outputs**2)
        return outputs, state, tape.gradient(loss, variables)

    outputs, state, gradients = run()
    np.testing.assert_array_equal(outputs, legacy["outputs"])
    assert len(state) == max(1, len(row.states))
    for one, expected in zip(state, legacy["state"], strict=True):
        np.testing.assert_array_equal(one, expected)
    for one, expected in zip(gradients, legacy["gradients"], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-6, atol=1e-6)
