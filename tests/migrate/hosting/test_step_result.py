"""The values of one training step, computed by hand."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.models.hosted_programs import (
    X,
    Y,
    hosted,
)


def test_one_step_tells_what_it_did() -> None:
    loop = hosted()
    features, labels = {"x": tf.constant(X[:4])}, tf.constant(Y[:4])
    graph = loop.graph("train")
    before = {name: variable.numpy() for name, variable in loop.variables.items()}
    found: Any = loop.train_step(features, labels)
    hidden = np.tanh(X[:4] @ before["dense/kernel"] + before["dense/bias"])
    errors = (hidden @ before["dense_1/kernel"] + before["dense_1/bias"] - Y[:4]) ** 2
    np.testing.assert_allclose(found.loss_per_example, errors, rtol=1e-5)
    assert float(found.loss) == pytest.approx(errors.mean(), rel=1e-6)
    assert float(found.average_loss) == pytest.approx(errors.mean(), rel=1e-6)
    assert float(found.learning_rate) == pytest.approx(0.1)
    # The first step of momentum moves by rate * gradient.
    trained = [v.op.name for v in graph.built.graph.get_collection("trainable_variables")]
    moved = [loop.variables[name].numpy() - before[name] for name in trained]
    norm = np.sqrt(sum((each**2).sum() for each in moved)) / 0.1
    assert float(found.gradient_norm) == pytest.approx(norm, rel=1e-5)
    assert loop.global_step == 1
