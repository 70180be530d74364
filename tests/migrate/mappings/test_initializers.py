"""Tests for migrate.mappings.initializers: both sides draw from the same distribution."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.mappings import initializers

_SHAPE = [200, 300]
# Arguments without which the legacy initializer cannot be made.
_GIVEN = {"Constant": {"value": 0.25}}


def _legacy(name: str) -> Any:
    found: Any = tf1
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def _drawn(name: str, given: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    row = initializers.ROWS[name]
    with tf.Graph().as_default(), tf1.Session() as session:
        variable = tf1.get_variable("w", _SHAPE, initializer=_legacy(name)(**given))
        session.run(tf1.global_variables_initializer())
        legacy = session.run(variable)
    defaults = {key: float(value) for key, value in row.defaults.items()}
    written = getattr(keras.initializers, row.keras)(**{**defaults, **given})(_SHAPE)
    return legacy, np.asarray(written)


@pytest.mark.parametrize("name", [n for n in initializers.ROWS if _legacy(n) is not None])
def test_the_distribution_is_the_same(name: str) -> None:
    legacy, written = _drawn(name, _GIVEN.get(initializers.ROWS[name].keras, {}))
    # Of 60,000 numbers: mean and deviation within 6 standard errors, ends within 5%.
    assert abs(legacy.mean() - written.mean()) <= 6 * legacy.std() / np.sqrt(30_000) + 1e-12
    np.testing.assert_allclose(written.std(), legacy.std(), rtol=0.02, atol=1e-12)
    if not initializers.ROWS[name].keras.startswith(("RandomNormal", "Orthogonal")):
        np.testing.assert_allclose(written.max(), legacy.max(), rtol=0.05)
        np.testing.assert_allclose(written.min(), legacy.min(), rtol=0.05, atol=1e-3)


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_variance_scaling_knows_the_legacy_words(mode: str, distribution: str) -> None:
    row = initializers.ROWS["tf.variance_scaling_initializer"]
    word = row.values["distribution"].get(distribution, distribution)
    with tf.Graph().as_default(), tf1.Session() as session:
        made = tf1.variance_scaling_initializer(2.0, mode, distribution)
        variable = tf1.get_variable("w", _SHAPE, initializer=made)
        session.run(tf1.global_variables_initializer())
        legacy = session.run(variable)
    written = np.asarray(keras.initializers.VarianceScaling(2.0, mode, word)(_SHAPE))
    np.testing.assert_allclose(written.std(), legacy.std(), rtol=0.02)
    np.testing.assert_allclose(written.max(), legacy.max(), rtol=0.05)


def test_one_keras_initializer_repeats_its_numbers() -> None:
    """So each weight of a written model has an initializer of its own."""
    made = keras.initializers.GlorotUniform()
    np.testing.assert_array_equal(made([3, 2]), made([3, 2]))
