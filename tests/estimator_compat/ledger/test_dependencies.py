"""Which tensors behind a loss depend on the input, and through which a gradient flows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.dependencies import Dependencies, captured_names, variables_of

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def variable(name: str = "v", **given: Any) -> Any:
    return tf1.get_variable(name, initializer=[1.0, 2.0], **given)


# From the feature x and the variable v: a tensor, whether it depends on the input, whether a
# gradient flows from it to v.
CASES: dict[str, tuple[Callable[[Any, Any], Any], bool, bool]] = {
    "input": (lambda x, v: tf.identity(x), True, False),
    "variable": (lambda x, v: v * 2, False, True),
    "both": (lambda x, v: x * v, True, True),
    "constant": (lambda x, v: tf.constant([3.0, 4.0]), False, False),
    "random": (lambda x, v: tf.random.uniform([2]), True, False),
    "another placeholder": (lambda x, v: tf1.placeholder(tf.float32, [2]), True, False),
    "stopped": (lambda x, v: tf.stop_gradient(x * v), True, False),
    "rounded": (lambda x, v: tf.round(v), False, False),
    "compared": (lambda x, v: tf.cast(v > 1.0, tf.float32), False, False),
    "counted": (lambda x, v: tf.cast(tf.cast(v, tf.int32), tf.float32), False, False),
    "not trainable": (lambda x, v: variable("fixed", trainable=False) * 2, False, False),
}


@pytest.mark.parametrize(("make", "is_fed", "is_trained"), CASES.values(), ids=CASES)
def test_dependencies(make: Callable[[Any, Any], Any], is_fed: bool, is_trained: bool) -> None:
    x = tf1.placeholder(tf.float32, [2])
    tensor = make(x, variable())
    found = Dependencies(tf.reduce_sum(tensor), [x])
    assert found.depends_on_input(tensor) is is_fed
    assert found.is_trained(tensor) is is_trained
    assert found.is_trained_on_input(tensor) is (is_fed and is_trained)


def test_an_integer_is_not_trained() -> None:
    whole = tf.cast(variable(), tf.int32)
    assert not Dependencies(tf.reduce_sum(whole), []).is_trained(whole)


def test_waiting_for_the_input_is_no_dependency() -> None:
    x = tf1.placeholder(tf.float32, [2])
    with tf.control_dependencies([x]):
        waits = tf.constant(1.0) + tf.constant(2.0)
    assert not Dependencies(waits, [x]).depends_on_input(waits)


def test_only_ancestors_of_the_loss_are_known() -> None:
    x = tf1.placeholder(tf.float32, [2])
    beside = x * variable()
    found = Dependencies(tf.reduce_sum(x), [x])
    assert not found.depends_on_input(beside)
    assert not found.is_trained(beside)


def test_variables_are_named_and_sorted() -> None:
    second, first = variable("second"), variable("first", trainable=False)
    assert variables_of(second * tf.exp(first) + tf.constant(1.0)) == ("first", "second")
    assert variables_of(tf.constant(1.0)) == ()


def test_a_function_names_what_it_captured() -> None:
    with tf1.variable_scope("layer"):
        v = variable(use_resource=True)
    function = tf.function(lambda x: tf.reduce_sum(x * v))
    graph = function.get_concrete_function(tf.TensorSpec([2])).graph
    assert list(captured_names(graph).values()) == ["layer/v"]
    loss = graph.outputs[0]
    assert variables_of(loss) == ("layer/v",)
    assert Dependencies(loss, []).is_trained(loss)
