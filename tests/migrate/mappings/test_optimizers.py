"""Tests for migrate.mappings.optimizers: each class against the optimizer of `tf.compat.v1.train`.

The legacy side runs in a graph with a session on the same TensorFlow. Numbers must have the same
bits, but for the rows of an embedding that the class takes as a dense gradient.
"""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.mappings import optimizers
from migrate.mappings.optimizers import OptimizerRow

_START = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], np.float32)
_DENSE = [np.full((3, 2), 0.3, np.float32), np.array([[1, -2], [0.5, 0], [0, 3]], np.float32)]
# Row 1 is looked up twice in the first step, and row 2 never.
_ROWS = [([1, 0, 1], [[1.0, 2.0], [0.5, -1.0], [0.25, 0.25]]), ([0], [[-1.0, 3.0]])]
_RATE = 0.1

CASES = {
    "GradientDescent": (lambda: tf1.train.GradientDescentOptimizer(_RATE), {}),
    "Momentum": (lambda: tf1.train.MomentumOptimizer(_RATE, 0.9), {"momentum": 0.9}),
    "Momentum, Nesterov": (
        lambda: tf1.train.MomentumOptimizer(_RATE, 0.8, use_nesterov=True),
        {"momentum": 0.8, "use_nesterov": True},
    ),
    "Adam": (lambda: tf1.train.AdamOptimizer(_RATE), {}),
    "Adam, epsilon": (
        lambda: tf1.train.AdamOptimizer(_RATE, beta1=0.5, epsilon=0.01),
        {"beta1": 0.5, "epsilon": 0.01},
    ),
    "Adagrad": (lambda: tf1.train.AdagradOptimizer(_RATE), {}),
    "Adagrad, accumulator": (
        lambda: tf1.train.AdagradOptimizer(_RATE, 0.5),
        {"initial_accumulator_value": 0.5},
    ),
    "RMSProp": (lambda: tf1.train.RMSPropOptimizer(_RATE), {}),
    "RMSProp, momentum": (
        lambda: tf1.train.RMSPropOptimizer(_RATE, decay=0.7, momentum=0.5, epsilon=1e-3),
        {"decay": 0.7, "momentum": 0.5, "epsilon": 1e-3},
    ),
    "CenteredRMSProp": (
        lambda: tf1.train.RMSPropOptimizer(
            _RATE, decay=0.7, momentum=0.5, epsilon=1e-3, centered=True
        ),
        {"decay": 0.7, "momentum": 0.5, "epsilon": 1e-3},
    ),
    "ProximalAdagrad": (
        lambda: tf1.train.ProximalAdagradOptimizer(
            _RATE, 0.2, l1_regularization_strength=0.01, l2_regularization_strength=0.02
        ),
        {
            "initial_accumulator_value": 0.2,
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
        },
    ),
    "ProximalGradientDescent": (
        lambda: tf1.train.ProximalGradientDescentOptimizer(
            _RATE, l1_regularization_strength=0.01, l2_regularization_strength=0.02
        ),
        {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02},
    ),
    "Adadelta": (lambda: tf1.train.AdadeltaOptimizer(_RATE), {}),
    "Ftrl": (
        lambda: tf1.train.FtrlOptimizer(
            _RATE, l1_regularization_strength=0.01, l2_regularization_strength=0.02
        ),
        {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02},
    ),
}


def _row(case: str) -> OptimizerRow:
    name = case.partition(",")[0]
    return next(row for row in optimizers.ROWS if row.name == name)


def _legacy(case: str, steps: Any) -> dict[str, np.ndarray]:
    """The variables after the steps, by their names."""
    make, _ = CASES[case]
    with tf.Graph().as_default(), tf1.Session() as session:
        weight = tf1.get_variable("w", initializer=_START, use_resource=True)
        optimizer = make()
        updates = [optimizer.apply_gradients([(gradient(), weight)]) for gradient in steps]
        session.run(tf1.global_variables_initializer())
        for update in updates:
            session.run(update)
        return {v.op.name: session.run(v) for v in tf1.global_variables()}


def _written(case: str, source: str, steps: Any) -> dict[str, np.ndarray]:
    row, (_, arguments) = _row(case), CASES[case]
    names: dict[str, Any] = {"tf": tf}
    exec(optimizers.SUMMED + source, names)
    weight = tf.Variable(_START)
    optimizer = names[row.name]([weight], **arguments)
    for gradient in steps:
        optimizer.apply([gradient()], _RATE)
    slots = {f"w/{end}": getattr(optimizer, name)[0] for end, name in row.slots.items()}
    powers = {legacy: getattr(optimizer, name) for legacy, name in row.powers.items()}
    return {name: v.numpy() for name, v in {"w": weight, **slots, **powers}.items()}


@pytest.mark.parametrize("case", CASES)
def test_dense_gradients_have_the_legacy_update(case: str) -> None:
    steps = [lambda g=g: tf.constant(g) for g in _DENSE]
    legacy, written = _legacy(case, steps), _written(case, _row(case).source, steps)
    assert legacy.keys() == written.keys()
    for name, value in legacy.items():
        np.testing.assert_array_equal(written[name], value, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_rows_have_the_legacy_update(case: str) -> None:
    steps = [
        lambda ids=ids, rows=rows: tf.IndexedSlices(
            tf.constant(rows), tf.constant(ids), dense_shape=tf.constant([3, 2])
        )
        for ids, rows in _ROWS
    ]
    row = _row(case)
    source = optimizers.with_rows(row) if row.has_row_kernel else row.source
    legacy, written = _legacy(case, steps), _written(case, source, steps)
    assert legacy.keys() == written.keys()
    for name, value in legacy.items():
        # The dense kernels of Adam and Adagrad round otherwise: one or two floats.
        np.testing.assert_allclose(written[name], value, rtol=5e-7, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("case", ["Momentum", "RMSProp", "Ftrl"])
def test_a_dense_gradient_is_another_update_where_there_is_a_row_kernel(case: str) -> None:
    def rows(ids, values):
        slices = tf.IndexedSlices(tf.constant(values), tf.constant(ids), tf.constant([3, 2]))
        return lambda: slices

    def dense(ids, values):
        slices = rows(ids, values)
        return lambda: tf.convert_to_tensor(slices())

    source = optimizers.with_rows(_row(case))
    by_row = _written(case, source, [rows(*one) for one in [*_ROWS, *_ROWS]])
    by_tensor = _written(case, source, [dense(*one) for one in [*_ROWS, *_ROWS]])
    assert not np.allclose(by_row["w"], by_tensor["w"], rtol=1e-4)


@pytest.mark.parametrize("row", optimizers.ROWS, ids=lambda row: row.name)
def test_classes_are_short(row: OptimizerRow) -> None:
    lines = [line for line in row.source.splitlines() if line.strip()]
    assert len(lines) <= 35
