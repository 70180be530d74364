"""The defaults of TensorFlow 1 while a model_fn is called."""

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import legacy_defaults, user_functions


def initial_weight(seed: int) -> float:
    """Returns the first weight that a layer of a model_fn draws in a graph with a seed."""

    def model_fn(features: tf.Tensor) -> tf.Tensor:
        tf1.layers.dense(features, 2)
        return tf1.trainable_variables()[0]

    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(seed)
        weights = user_functions.call_model_fn(
            model_fn, tf.ones([1, 3]), None, mode="train", params={}, config=None
        )
        session.run(weights.initializer)
        return float(session.run(weights)[0, 0])


def test_layers_draw_from_the_seed_of_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    assert initial_weight(3) != initial_weight(3)  # Python's `random`
    monkeypatch.setattr(legacy_defaults, "_request", legacy_defaults._Request())
    legacy_defaults.request()
    assert initial_weight(3) == initial_weight(3)
    assert initial_weight(3) != initial_weight(4)
    assert tf.__internal__.tf2.enabled()
