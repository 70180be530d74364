"""Tests for migrate.translating.array_inputs: the batches are those of the legacy functions."""

import ast
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from estimator_compat.inputs import numpy_input_fn, pandas_input_fn
from migrate.translating import array_inputs
from tests.estimator_compat.inputs.reading import batches

X = np.arange(10, dtype=np.float32).reshape(5, 2)
NAMES: dict[str, Any] = {
    "tf": tf,
    "x": {"a": X, "b": X[:, 0]},
    "y": np.arange(5),
    "table": pd.DataFrame({"a": X[:, 0]}),
    "labels": pd.Series(np.arange(5), name="label"),
}
CALLS = (
    "numpy_input_fn(x, y, batch_size=2, shuffle=False)",
    "numpy_input_fn(x=x, y=y, batch_size=2, num_epochs=2, shuffle=False)",
    "numpy_input_fn(x=x, shuffle=False)",
    "pandas_input_fn(table, labels, 2, 1, False)",
)


def _written(call: str) -> str | None:
    node = ast.parse(f"input_fn = tf.compat.v1.estimator.inputs.{call}").body[0]
    return array_inputs.written(node, ("tf",))


@pytest.mark.parametrize("call", CALLS)
def test_batches(call: str) -> None:
    names = dict(NAMES)
    exec(_written(call) or "", names)
    legacy = batches(eval(call, {**NAMES, **_FUNCTIONS}))
    found = [
        tf.nest.map_structure(lambda one: one.numpy().tolist(), b) for b in names["input_fn"]()
    ]
    assert found == legacy


_FUNCTIONS = {"numpy_input_fn": numpy_input_fn, "pandas_input_fn": pandas_input_fn}


def test_a_shuffle_is_written() -> None:
    written = _written("numpy_input_fn(x, y, 4, None, True)")
    assert written is not None
    assert ".shuffle(1000).repeat().batch(4)" in written
    assert "in another order" in written


@pytest.mark.parametrize("call", ["numpy_input_fn(x, y, shuffle=is_training)", "other(x, y)"])
def test_other_calls_are_left(call: str) -> None:
    assert _written(call) is None
