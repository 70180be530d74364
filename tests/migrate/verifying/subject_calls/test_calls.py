"""`SubjectCalls`: which methods a subject must have, and how they are called."""

import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.subject_calls.calls import SubjectCalls


class Loop:
    """Trains one weight: the loss is its square, times the mean of the features."""

    def __init__(self) -> None:
        self.weight = tf.Variable(2.0)
        self.variables = {"weight": self.weight}
        self.traced: list[bool] = []

    def train_step(self, features: Any, labels: Any) -> Any:
        del labels
        loss = tf.reduce_mean(features) * tf.square(self.weight)
        self.weight.assign_sub(0.5)
        return loss

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        del labels
        self.traced.append(not tf.executing_eagerly())
        return {"weight": 2.0 * self.weight * tf.reduce_mean(features)}

    def predict(self, dataset: Any) -> Iterator[Any]:
        for features in dataset:
            yield {"p": self.weight * features}


def test_the_calls() -> None:
    loop = Loop()
    calls = SubjectCalls(loop)
    assert calls.name == "Loop"
    assert calls.declarations() == {"weight": tf.TensorSpec([], tf.float32)}
    element = tf.constant([1.0, 3.0])
    assert dict(calls.gradients(element) or {}) == {"weight": 8.0}  # 2 * 2 * mean of 1 and 3
    assert calls.step(element) == 8.0  # 2**2 * 2
    assert calls.read() == {"weight": 1.5}
    calls.assign({"weight": np.float32(3.0), "other": np.float32(1.0)})
    dataset = tf.data.Dataset.from_tensor_slices([[1.0], [2.0]])
    assert [batch["p"].tolist() for batch in calls.predict(dataset) or ()] == [[3.0], [6.0]]
    assert calls.evaluate(dataset) is None
    assert not calls.has_train_steps()


def test_gradients_are_asked_for_inside_a_function() -> None:
    loop = Loop()
    SubjectCalls(loop).gradients(tf.constant([1.0]))
    assert loop.traced == [True]


def test_gradients_that_cannot_be_traced() -> None:
    class WithNumPy(Loop):
        def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
            return {"weight": features.numpy()}

    found = SubjectCalls(WithNumPy()).gradients(tf.constant(4.0))
    assert dict(found or {}) == {"weight": 4.0}


def test_the_error_of_gradients_is_the_users_own() -> None:
    class Wrong(Loop):
        def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        SubjectCalls(Wrong()).gradients(tf.constant(4.0))


def test_many_steps() -> None:
    class Many(Loop):
        def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
            assert count.dtype is tf.int32
            return [self.train_step(next(iterator), None) for _ in range(count)]

    calls = SubjectCalls(Many())
    assert calls.has_train_steps()
    dataset = tf.data.Dataset.from_tensor_slices([[1.0], [1.0], [2.0]])
    # The weight is 2, 1.5, 1: its square, times 1, 1, 2.
    found = calls.train_steps(dataset, [1, 2])
    assert [losses.tolist() for losses in found] == [[4.0], [2.25, 2.0]]


def test_a_method_of_the_same_name_that_takes_something_else() -> None:
    class Other(Loop):
        def train_steps(self, dataset: Any) -> Any:
            raise AssertionError

    assert not SubjectCalls(Other()).has_train_steps()


class Nothing:
    """Has none of the methods."""


class NoStep:
    """Has variables only."""

    variables: Any = types.MappingProxyType({})


class StepIsNone:
    """Has a step that cannot be called."""

    variables: Any = types.MappingProxyType({})
    train_step = None


class StepIsText:
    """Has a step that cannot be called."""

    variables: Any = types.MappingProxyType({})
    train_step = "step"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Nothing(), "has no variables and no train_step; expected a CustomLoop, or an object with"),
        (NoStep(), "has no train_step; expected"),
        (StepIsText(), "cannot be called; expected a method of features and labels; make it one"),
        (StepIsNone(), "cannot be called; expected a method of features and labels; make it one"),
        (Loop, "is a class; expected a loop, which is an object of it; pass `Loop()`"),
        (None, "has no variables and no train_step"),
    ],
)
def test_a_subject_that_lacks_a_method(subject: Any, words: str) -> None:
    with pytest.raises(TypeError, match=r"^`(train_step` of `)?subject`") as caught:
        SubjectCalls(subject)
    assert words in str(caught.value)


def test_the_error_of_a_property_is_the_users_own() -> None:
    class Wrong(Loop):
        @property
        def variables(self) -> Any:
            raise AttributeError("'Dense' object has no attribute 'kernel'")

        @variables.setter
        def variables(self, value: Any) -> None:
            del value

    with pytest.raises(AttributeError, match="no attribute 'kernel'"):
        SubjectCalls(Wrong()).read()
