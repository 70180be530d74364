"""What the divisor of a term counts: elements, examples, weights, or something else."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger.divisor_roles import with_roles
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm
from tests.estimator_compat.ledger.small_losses import Model, model

tf1 = tf.compat.v1
SUM = LossStep(operation=Operation.SUM)


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def term(*steps: LossStep) -> LossTerm:
    return LossTerm(
        name="errors",
        kind=Kind.DATA,
        op="squared_difference",
        tensors=("Square:0",),
        shape=(None,),
        axes=("batch",),
        batch_axis=0,
        steps=steps,
    )


def divided(
    m: Model, divisor: Any, *weights: Any, operation: Operation = Operation.DIVIDE
) -> tuple[LossGraph, LossTerm]:
    """Returns the graph and the term of the weighted losses' sum, divided by a tensor."""
    loss = tf.reduce_sum(m.losses * m.w) / tf.cast(tf.reduce_sum(divisor), tf.float32)
    graph = m.graph(loss)
    multiplied = [graph.loss_step(Operation.MULTIPLY, weight) for weight in weights]
    return graph, term(*multiplied, SUM, graph.loss_step(operation, divisor))


def floats(tensor: Any) -> Any:
    return tf.cast(tensor, tf.float32)


# The divisor of the sum of losses that are weighted by w, and its role.
ROLES: dict[str, tuple[Callable[[Model], Any], Role]] = {
    "weights": (lambda m: tf.reduce_sum(m.w), Role.SUM_OF_WEIGHTS),
    "weights of the losses' shape": (
        lambda m: tf.reduce_sum(m.w * tf.ones_like(m.losses)),
        Role.SUM_OF_WEIGHTS,
    ),
    "other weights": (lambda m: tf.reduce_sum(m.y), Role.OTHER),
    "some axes of weights": (lambda m: tf.reduce_sum(m.x * m.w[:, tf.newaxis], 0)[0], Role.OTHER),
    "mean of weights": (lambda m: tf.reduce_mean(m.w), Role.OTHER),
    "count of weights": (
        lambda m: tf.reduce_sum(floats(tf.not_equal(m.w, 0.0))),
        Role.COUNT_NONZERO,
    ),
    "count of others": (lambda m: tf.reduce_sum(floats(tf.not_equal(m.y, 0.0))), Role.OTHER),
    "size": (lambda m: floats(tf.size(m.losses)), Role.SIZE),
    "size of the same": (lambda m: floats(tf.size(m.y)), Role.SIZE),
    "size of another": (lambda m: floats(tf.size(m.u)), Role.OTHER),
    "ones": (lambda m: tf.reduce_sum(tf.ones_like(m.losses)), Role.SIZE),
    "batch": (lambda m: floats(tf.shape(m.u)[0]), Role.BATCH),
    "batch from the end": (lambda m: floats(tf.shape(m.u)[-2]), Role.BATCH),
    "another axis": (lambda m: floats(tf.shape(m.u)[1]), Role.OTHER),
    # The number of different values, and of another sequence's elements, is not the batch's size.
    "distinct values": (lambda m: floats(tf.shape(tf.unique(m.y)[0])[0]), Role.OTHER),
    "size of distinct values": (lambda m: floats(tf.size(tf.unique(m.y)[0])), Role.OTHER),
    "size of another sequence": (lambda m: floats(tf.size(tf.reshape(m.u, [-1]))), Role.OTHER),
    "weights computed again": (
        lambda m: tf.reduce_sum(tf.identity(m.w) * 1.0),
        Role.SUM_OF_WEIGHTS,
    ),
    "constant": (lambda m: tf.constant(4.0), Role.CONSTANT),
}


@pytest.mark.parametrize(("make", "role"), ROLES.values(), ids=ROLES)
def test_roles(make: Callable[[Model], Any], role: Role) -> None:
    m = model()
    graph, weighted = divided(m, make(m), m.w)
    multiplication, total, division = with_roles(weighted, m.losses, graph)
    assert (multiplication, total) == weighted.steps[:2]
    assert division.role is role
    assert division.operand == ("size" if role is Role.SIZE else weighted.steps[2].operand)


@pytest.mark.parametrize("weights", [[], ["w", "y"]], ids=["none", "two"])
def test_without_one_tensor_of_weights_a_sum_is_of_something_else(weights: list[str]) -> None:
    m = model()
    graph, weighted = divided(m, tf.reduce_sum(m.w), *(getattr(m, name) for name in weights))
    assert with_roles(weighted, m.losses, graph)[-1].role is Role.OTHER


@pytest.mark.parametrize(
    ("operation", "number", "role"),
    [
        (Operation.DIVIDE_NO_NAN, 4.0, Role.SIZE),  # as tf.losses divides
        (Operation.DIVIDE_NO_NAN, 5.0, Role.CONSTANT),
        (Operation.DIVIDE, 4.0, Role.CONSTANT),
    ],
)
def test_the_size_of_a_static_batch(operation: Operation, number: float, role: Role) -> None:
    m = model(batch=4)
    graph, weighted = divided(m, tf.constant(number), operation=operation)
    assert with_roles(weighted, m.losses, graph)[-1].role is role


def test_two_sequences_of_unknown_length_may_have_different_lengths() -> None:
    m = model()
    longer = tf1.placeholder(tf.float32, [None, None], name="longer")
    losses = tf.square(tf.reshape(m.u, [-1]) * m.v[0])
    for counted, role in ((losses, Role.SIZE), (tf.reshape(longer, [-1]), Role.OTHER)):
        count = floats(tf.size(counted))
        graph = LossGraph(tf.reduce_sum(losses) / count, {"u": m.u, "longer": longer}, m.y)
        of_words = dataclasses.replace(term(), tensors=(losses.name,), axes=("batch*?",))
        division = graph.loss_step(Operation.DIVIDE, count)
        of_words = dataclasses.replace(of_words, steps=(SUM, division))
        assert with_roles(of_words, losses, graph)[-1].role is role


def test_labels_have_the_size_of_their_losses() -> None:
    m = model()
    tags = tf1.placeholder(tf.int32, [None, None], name="tags")
    scores = tf.reshape(m.u, [-1, 1]) * m.v
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(tags, [-1]), scores)
    others = tf1.placeholder(tf.int32, [None, None], name="others")
    for counted, role in (
        (tags, Role.SIZE),
        (tf.reshape(tags, [-1]), Role.SIZE),
        (others, Role.OTHER),
    ):
        count = floats(tf.size(counted))
        features = {"u": m.u, "tags": tags, "others": others}
        graph = LossGraph(tf.reduce_sum(losses) / count, features, m.y)
        division = graph.loss_step(Operation.DIVIDE, count)
        of_words = dataclasses.replace(term(SUM, division), tensors=(losses.name,))
        assert with_roles(of_words, losses, graph)[-1].role is role


def test_losses_of_unknown_rank_have_the_size_of_ones_like_them() -> None:
    """As `tf.losses` counts its default weights, the number 1."""
    m = model()
    losses = tf.squeeze(m.losses[:, tf.newaxis])
    assert losses.shape.rank is None
    count = tf.reduce_sum(tf.ones_like(losses) * tf1.where(tf.equal(1.0, 0.0), 0.0, 1.0))
    graph = m.graph(tf.math.divide_no_nan(tf.reduce_sum(losses), count))
    division = graph.loss_step(Operation.DIVIDE_NO_NAN, count)
    assert with_roles(term(SUM, division), losses, graph)[-1].role is Role.SIZE


def test_the_size_of_the_batch_is_no_size_of_losses_that_could_not_be_followed() -> None:
    m = model()
    distinct = tf.square(tf.unique(m.y)[0] * m.v[0])
    count = floats(tf.shape(m.y)[0])
    graph = m.graph(tf.reduce_sum(distinct) / count)
    of_distinct = dataclasses.replace(
        term(SUM, graph.loss_step(Operation.DIVIDE, count)), tensors=(distinct.name,)
    )
    assert with_roles(of_distinct, distinct, graph)[-1].role is Role.OTHER
