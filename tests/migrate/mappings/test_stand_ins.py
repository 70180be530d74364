"""Tests for migrate.mappings.stand_ins: each defines its name, and computes the right numbers."""

import ast
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.mappings import stand_ins


def _made(name: str) -> Any:
    scope: dict[str, Any] = {"tf": tf, "tf1": tf1, "Any": Any}
    exec(stand_ins.ROWS[name], scope)
    return scope[name.rpartition(".")[2]]


@pytest.mark.parametrize("name", stand_ins.ROWS)
def test_a_row_defines_its_name(name: str) -> None:
    ast.parse(stand_ins.ROWS[name])
    assert _made(name) is not None


def test_layer_norm_over_the_last_axis() -> None:
    values = np.random.RandomState(1).normal(size=(2, 3, 4)).astype(np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        result = _made("contrib.layers.layer_norm")(
            tf.constant(values), begin_norm_axis=-1, begin_params_axis=-1
        )
        names = [one.op.name for one in tf1.trainable_variables()]
        session.run(tf1.global_variables_initializer())
        found = session.run(result)
    assert names == ["LayerNorm/beta", "LayerNorm/gamma"]
    centred = values - values.mean(axis=-1, keepdims=True)
    expected = centred / np.sqrt(values.var(axis=-1, keepdims=True) + 1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_mode_keys_are_those_of_the_estimator() -> None:
    from estimator_compat.mode_keys import ModeKeys

    keys = _made("estimator.ModeKeys")
    assert (keys.TRAIN, keys.EVAL, keys.PREDICT) == (
        ModeKeys.TRAIN,
        ModeKeys.EVAL,
        ModeKeys.PREDICT,
    )
