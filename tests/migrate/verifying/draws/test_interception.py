"""Every way to draw a random number in TensorFlow and in both Kerases is intercepted."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from migrate.verifying import tf_keras_classes
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.interception import intercepted


@pytest.fixture(autouse=True)
def _layers_of_legacy_keras_live() -> None:
    """Another test of the process may have built a legacy graph, which ends their lives."""
    tf_keras_classes.restore_v2_bases()


X = tf.ones([4, 3])
GENERATOR = tf.random.Generator.from_seed(1)
LAYERS = {
    "Dropout": keras.layers.Dropout(0.5),
    "Dropout, noise_shape": keras.layers.Dropout(0.5, noise_shape=(None, 1)),
    "SpatialDropout1D": keras.layers.SpatialDropout1D(0.5),
    "GaussianNoise": keras.layers.GaussianNoise(0.5),
    "tf_keras Dropout": tf_keras.layers.Dropout(0.5),
    "tf_keras GaussianNoise": tf_keras.layers.GaussianNoise(0.5),
}


def layer(name: str) -> Callable[[], Any]:
    return lambda: LAYERS[name](
        X if X.shape.rank > 2 or "1D" not in name else X[None], training=True
    )


# What draws, and the draw that is seen.
SPELLINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "nn.dropout": (lambda: tf.nn.dropout(X, 0.5), "uniform float32 [4, 3]"),
    "v1.nn.dropout": (lambda: tf1.nn.dropout(X, rate=0.5), "uniform float32 [4, 3]"),
    "noise_shape": (lambda: tf.nn.dropout(X, 0.5, noise_shape=[4, 1]), "uniform float32 [4, 1]"),
    "stateless_dropout": (
        lambda: tf.nn.experimental.stateless_dropout(X, 0.5, seed=[1, 2]),
        "uniform float32 [4, 3]",
    ),
    "random.uniform": (lambda: tf.random.uniform([2], 1.0, 3.0), "uniform float32 [2]"),
    "random.uniform, int": (
        lambda: tf.random.uniform([2], 1, 3, tf.int32),
        "uniform integer int32 [2]",
    ),
    "random.normal": (lambda: tf.random.normal([2]), "normal float32 [2]"),
    "truncated_normal": (lambda: tf.random.truncated_normal([2]), "truncated normal float32 [2]"),
    "stateless_uniform": (lambda: tf.random.stateless_uniform([2], [1, 2]), "uniform float32 [2]"),
    "stateless_normal": (lambda: tf.random.stateless_normal([2], [1, 2]), "normal float32 [2]"),
    "Generator.uniform": (lambda: GENERATOR.uniform([2]), "uniform float32 [2]"),
    "Generator.normal": (lambda: GENERATOR.normal([2]), "normal float32 [2]"),
    "categorical": (lambda: tf.random.categorical(X, 1), "categorical int64 [4, 1]"),
    "shuffle": (lambda: tf.random.shuffle(tf.range(3)), "shuffle int32 [3]"),
    "poisson": (lambda: tf.random.poisson([2], 1.0), "Poisson float32 [2]"),
    "raw_ops": (
        lambda: tf.raw_ops.RandomUniform(shape=[2], dtype=tf.float64),
        "uniform float64 [2]",
    ),
    "sampled_softmax_loss": (
        lambda: tf.nn.sampled_softmax_loss(
            tf.ones([9, 3]), tf.ones([9]), tf.ones([4, 1], tf.int64), X, 5, 9
        ),
        "log-uniform candidates int64 [5]",
    ),
    "keras.random.normal": (lambda: keras.random.normal([2]), "normal float32 [2]"),
    "keras.random.randint": (lambda: keras.random.randint([2], 0, 5), "uniform integer int32 [2]"),
    "Dropout": (layer("Dropout"), "uniform float32 [4, 3]"),
    "Dropout, noise_shape": (layer("Dropout, noise_shape"), "uniform float32 [4, 1]"),
    "SpatialDropout1D": (layer("SpatialDropout1D"), "uniform float32 [1, 1, 3]"),
    "GaussianNoise": (layer("GaussianNoise"), "normal float32 [4, 3]"),
    "tf_keras Dropout": (layer("tf_keras Dropout"), "uniform float32 [4, 3]"),
    "tf_keras GaussianNoise": (layer("tf_keras GaussianNoise"), "normal float32 [4, 3]"),
}


class Seen:
    """An exchange that keeps the draws, and returns the smallest number everywhere."""

    def __init__(self) -> None:
        self.draws: list[Draw] = []

    def __call__(self, drawn: Draw) -> list[np.ndarray]:
        self.draws.append(drawn)
        return [np.full_like(value, value.min()) for value in drawn.values]


@pytest.mark.parametrize("how", ["eagerly", "in a function", "in a nested function"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_draw_is_seen_once(spelling: str, how: str) -> None:
    function, expected = SPELLINGS[spelling]
    seen = Seen()
    with intercepted(seen):
        if how == "eagerly":
            function()
        else:
            inner = tf.function(function, autograph=False)
            tf.function(lambda: inner(), autograph=False)() if "nested" in how else inner()
    assert [str(draw) for draw in seen.draws] == [expected]


def test_what_is_returned_is_used() -> None:
    with intercepted(lambda drawn: [np.zeros_like(drawn.values[0])]):
        assert tf.random.uniform([2], 1.0, 3.0).numpy().tolist() == [1.0, 1.0]
        dropped = tf.function(lambda: tf.nn.dropout(X, 0.5))()
        assert dropped.shape == X.shape
        assert not dropped.numpy().any()


def test_a_traced_function_gets_new_numbers_in_each_call() -> None:
    numbers = iter(range(10))

    @tf.function
    def noise(count: Any) -> Any:
        drawn = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for index in tf.range(count):
            drawn = drawn.write(index, tf.random.uniform([]))
        return drawn.stack()

    with intercepted(lambda drawn: [np.full_like(drawn.values[0], next(numbers))]):
        first = noise(tf.constant(3))
    # A traced function keeps its exchange outside of the context, too.
    assert first.numpy().tolist() == [0, 1, 2]
    assert noise(tf.constant(2)).numpy().tolist() == [3, 4]


def test_static_shapes_are_kept_and_gradients_flow_around_the_numbers() -> None:
    @tf.function
    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            drawn = tf.random.normal([3])
            assert drawn.shape == [3]
            total = tf.reduce_sum(x * drawn)
        return tape.gradient(total, x)

    with intercepted(lambda drawn: [np.array([1, 2, 3], np.float32)]):
        assert gradient(tf.ones([3])).numpy().tolist() == [1, 2, 3]


def test_everything_is_as_before_afterwards() -> None:
    before = tf.raw_ops.RandomUniform
    with intercepted(Seen()):
        assert tf.raw_ops.RandomUniform is not before
    assert tf.raw_ops.RandomUniform is before
    with pytest.raises(tf.errors.InvalidArgumentError), intercepted(Seen()):
        tf.random.uniform([-1])
    assert tf.raw_ops.RandomUniform is before


@pytest.mark.parametrize("how", ["eagerly", "in a function"])
def test_parameters_are_passed(how: str) -> None:
    seen = Seen()
    function = SPELLINGS["sampled_softmax_loss"][0]
    with intercepted(seen):
        (function if how == "eagerly" else tf.function(function))()
        tf.random.uniform([2], 3, 7, tf.int32)
    classes, *attributes = seen.draws[0].parameters
    assert classes.tolist() == [[1]] * 4
    assert [int(value) for value in attributes] == [1, 5, 1, 9]
    assert [int(value) for value in seen.draws[1].parameters] == [3, 7]
