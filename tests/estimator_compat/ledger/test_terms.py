"""The terms that addends become: data, regularization, constants, and what is not understood."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.linear_walk import LinearWalk
from estimator_compat.ledger.steps import Operation
from estimator_compat.ledger.terms import TermBuilder
from estimator_compat.ledger.values import Kind, LossTerm
from tests.estimator_compat.ledger.small_losses import Model, model

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def terms(m: Model, loss: Any) -> list[LossTerm]:
    graph = m.graph(loss)
    walk = LinearWalk(graph)
    return [TermBuilder(graph, walk).term(addend) for addend in walk.addends()]


def term(m: Model, loss: Any) -> LossTerm:
    (found,) = terms(m, loss)
    return found


def operations(found: LossTerm) -> list[Operation]:
    return [step.operation for step in found.steps]


def test_data() -> None:
    m = model()
    found = term(m, tf.reduce_mean(m.losses))
    assert (found.kind, found.op, found.tensors) == (Kind.DATA, "squared_difference", ("Square:0",))
    assert (found.shape, found.axes, found.batch_axis) == ((None,), ("batch",), 0)
    assert operations(found) == [Operation.MEAN]
    assert found.trained
    assert found.name == found.broadcast == found.stopped_by == ""
    assert found.line is not None
    assert found.line.file.endswith("small_losses.py")


def test_unreduced_losses_are_data_too() -> None:
    m = model()
    found = term(m, m.losses)
    assert found.kind is Kind.DATA
    assert found.is_unreduced


def test_no_gradient_flows_through_what_is_stopped() -> None:
    m = model()
    assert not term(m, tf.stop_gradient(tf.reduce_mean(m.losses))).trained
    assert not term(m, tf.reduce_mean(m.y)).trained


# Of the variables v and scale: the op of a term, and the variables that it names.
PENALTIES: dict[str, tuple[Callable[[Any, Any], Any], str, tuple[str, ...]]] = {
    "l2": (lambda v, scale: tf.nn.l2_loss(v), "l2", ("v",)),
    "l1": (lambda v, scale: tf.reduce_sum(tf.abs(v)), "l1", ("v",)),
    "sum": (lambda v, scale: tf.reduce_sum(tf.square(v)), "sum_of_squares", ("v",)),
    "mean": (lambda v, scale: tf.reduce_mean(tf.abs(v)), "mean_of_absolutes", ("v",)),
    "variable": (lambda v, scale: tf.identity(scale), "", ("scale",)),
    "expression": (
        lambda v, scale: tf.reduce_sum(tf.exp(v)) ** scale,
        "sum(exp(v)) ** scale",
        ("scale", "v"),
    ),
    "all but one": (
        lambda v, scale: tf.reduce_sum(tf.abs(tf.exp(v))),
        "sum(abs(exp(v)))",
        ("v",),
    ),
}


@pytest.mark.parametrize(("make", "op", "variables"), PENALTIES.values(), ids=PENALTIES)
def test_regularization(make: Any, op: str, variables: tuple[str, ...]) -> None:
    m = model()
    found = term(m, make(m.v, tf1.get_variable("scale", initializer=1.0)))
    assert (found.kind, found.op, found.variables) == (Kind.REGULARIZATION, op, variables)
    assert found.trained


def test_a_constant() -> None:
    m = model()
    found = terms(m, tf.reduce_mean(m.losses) + 3.0)[1]
    assert (found.kind, found.op, found.trained) == (Kind.CONSTANT, "3", False)


def test_what_is_not_linear() -> None:
    m = model()
    found = term(m, tf.sqrt(tf.reduce_mean(m.losses), name="root"))
    assert (found.kind, found.op) == (Kind.OPAQUE, "Sqrt(root)")
    assert found.stopped_by == "root of type Sqrt: it is not linear in the losses behind it"
    assert found.trained


def test_a_product_of_two_losses() -> None:
    m = model()
    found = term(m, tf.multiply(tf.reduce_mean(m.losses), tf.reduce_mean(m.p), name="both"))
    assert found.kind is Kind.OPAQUE
    assert found.stopped_by.startswith("both of type Mul: both of its inputs depend on the model")


def test_negations_come_first_and_cancel_each_other() -> None:
    m = model()
    assert operations(term(m, -tf.reduce_mean(m.losses))) == [Operation.NEGATE, Operation.MEAN]
    twice = -(-tf.reduce_mean(m.losses) * 2.0)
    assert operations(term(m, twice)) == [Operation.MEAN, Operation.MULTIPLY]


def test_a_negation_stays_behind_half_squares() -> None:
    m = model()
    assert operations(term(m, -tf.nn.l2_loss(m.p - m.y))) == [
        Operation.HALF_SQUARE,
        Operation.SUM,
        Operation.NEGATE,
    ]


def test_divisors_have_their_roles() -> None:
    m = model()
    found = term(m, tf.reduce_sum(m.losses * m.w) / tf.reduce_sum(m.w))
    assert [step.role.value for step in found.steps] == ["other", "other", "sum_of_weights"]


@pytest.mark.usefixtures("shapes_of_tensorflow")
def test_a_vector_that_meets_a_column() -> None:
    m = model()
    pairs = tf.subtract(m.p[:, tf.newaxis], m.y, name="pairs")
    found = term(m, tf.reduce_mean(tf.square(pairs)))
    assert found.broadcast == "pairs: (None,) meets (None, 1)"
