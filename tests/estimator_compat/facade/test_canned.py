"""Optimizers by name, and the interface of a program's own head."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec, tpu
from estimator_compat.facade import canned

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
    assert type(canned.get_optimizer_instance(name, 0.5)) is kind


def test_the_learning_rate_is_that_of_a_name() -> None:
    v = tf1.get_variable("v", initializer=1.0)
    train_op = canned.get_optimizer_instance("SGD", 0.5).minimize(v * v)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        session.run(train_op)
        assert session.run(v) == 0.0  # 1 - 0.5 * 2 * 1


def test_an_optimizer_and_a_function_that_returns_one() -> None:
    optimizer = tf1.train.AdamOptimizer()
    assert canned.get_optimizer_instance(optimizer) is optimizer
    assert canned.get_optimizer_instance(lambda: optimizer) is optimizer


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: canned.get_optimizer_instance("adam", 0.5), "pass one of those names"),
    "no rate": (lambda: canned.get_optimizer_instance("Adam"), "it was None for 'Adam'; pass a po"),
    "no optimizer": (lambda: canned.get_optimizer_instance(3), "pass, for example, tf.train.Adagr"),
    "no optimizer's": (lambda: canned.get_optimizer_instance(lambda: 3), "Given: 3; expected a"),
}


@pytest.mark.parametrize(("build", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        build()


class Named(canned.Head):
    """A head that defines no spec."""


class Mine(canned.Head):
    """A head whose loss is the sum of its logits."""

    def _create_tpu_estimator_spec(
        self, features: Any, mode: str, logits: Any, *arguments: Any
    ) -> Any:
        return tpu.TPUEstimatorSpec(mode, loss=tf.reduce_sum(logits))


def test_a_head_says_what_it_lacks() -> None:
    with pytest.raises(NotImplementedError, match=r"`name` of Named is not defined; .* define it"):
        _ = Named().name
    with pytest.raises(NotImplementedError, match="Named has neither; define one of these methods"):
        Named().create_estimator_spec({}, "eval", tf.ones([2]))


def test_the_spec_of_a_head_is_that_of_an_estimator() -> None:
    spec = Mine().create_estimator_spec({}, "eval", tf.ones([2]))
    assert type(spec) is EstimatorSpec
    assert (spec.mode, spec.loss.op.type) == ("eval", "Sum")
