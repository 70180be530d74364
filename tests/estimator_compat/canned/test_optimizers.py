"""Optimizers by name, of TensorFlow 1 and of Keras 2."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.canned import optimizers

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Adagrad", tf1.train.AdagradOptimizer),
        ("Adam", tf1.train.AdamOptimizer),
        ("Ftrl", tf1.train.FtrlOptimizer),
        ("RMSProp", tf1.train.RMSPropOptimizer),
        ("SGD", tf1.train.GradientDescentOptimizer),
    ],
)
def test_an_optimizer_by_name(name: str, kind: Any) -> None:
    assert type(optimizers.get_optimizer_instance(name, 0.5)) is kind


def test_the_learning_rate_is_that_of_a_name() -> None:
    v = tf1.get_variable("v", initializer=1.0)
    train_op = optimizers.get_optimizer_instance("SGD", 0.5).minimize(v * v)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        session.run(train_op)
        assert session.run(v) == 0.0  # 1 - 0.5 * 2 * 1


def test_an_optimizer_and_a_function_that_returns_one() -> None:
    optimizer = tf1.train.AdamOptimizer()
    assert optimizers.get_optimizer_instance(optimizer) is optimizer
    assert optimizers.get_optimizer_instance(lambda: optimizer) is optimizer


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: optimizers.get_optimizer_instance("adam", 0.5), "pass one of those names"),
    "no rate": (
        lambda: optimizers.get_optimizer_instance("Adam"),
        "it was None for",
    ),
    "no optimizer": (
        lambda: optimizers.get_optimizer_instance(3),
        "pass, for example",
    ),
    "no optimizer's": (
        lambda: optimizers.get_optimizer_instance(lambda: 3),
        "Given: 3",
    ),
}


@pytest.mark.parametrize(("build", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        build()


def test_an_optimizer_of_keras_by_name() -> None:
    legacy = tf.keras.optimizers.legacy
    made = optimizers.keras_optimizer("RMSProp")
    assert type(made) is legacy.RMSprop
    assert optimizers.keras_optimizer("SGD", 0.5).get_config()["learning_rate"] == 0.5
    assert optimizers.keras_optimizer(lambda: made) is made


KERAS_REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: optimizers.keras_optimizer("adam"), "Unsupported optimizer name: adam"),
    "new": (
        lambda: optimizers.keras_optimizer(tf.keras.optimizers.Adam()),
        "Please set your optimizer as an instance of",
    ),
    "v1": (
        lambda: optimizers.keras_optimizer(tf1.train.AdamOptimizer()),
        "The given object is not a tf_keras.optimizers.Optimizer instance",
    ),
}


@pytest.mark.parametrize(("build", "words"), KERAS_REFUSED.values(), ids=KERAS_REFUSED)
def test_an_optimizer_that_keras_refuses(build: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build()
