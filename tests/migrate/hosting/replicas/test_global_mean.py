"""The global mean on two replicas: by hand, and as one replica computes it of the whole batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger.values import Kind, LossTerm
from migrate.hosting.replicas import global_mean, gradient_scales
from migrate.hosting.replicas.global_mean import ReplicaPart, TermShare
from tests.migrate.hosting.replicas.cases import BY_HAND, case
from tests.migrate.hosting.replicas.programs import LINEAR
from tests.recording.values import from_hex


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_loss_and_gradient_by_hand(name: str) -> None:
    legacy, exact = BY_HAND[name]
    found = case("by_hand")
    assert found.keys() == BY_HAND.keys()
    np.testing.assert_allclose(found[name], [legacy, exact], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", [*LINEAR, "sequences"])
def test_the_global_mean_is_what_one_replica_computes_of_the_whole_batch(name: str) -> None:
    two, one = case("one_batch")[name]
    np.testing.assert_allclose(from_hex(two["losses"]), from_hex(one["losses"]), rtol=2e-6)
    for variable, values in one["variables"].items():
        found = from_hex(two["variables"][variable])
        np.testing.assert_allclose(found, from_hex(values), rtol=1e-5, atol=1e-5, err_msg=variable)


REFUSALS = {
    "another_loss": "no gradient of mean((scale * labels)[batch]) was found where it is summed",
    "gradient_in_loss": "",
    "no_sum": "no gradient of square(scale) was found where it is summed",
    "number": "5 may count the examples of a replica, those of all, or neither",
    "opaque": "Max of type Max: it is not linear in the losses behind it",
}


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_global_mean_that_is_not_known_is_refused(name: str) -> None:
    text = case("refused")[name]
    assert text.startswith("`global_mean` (True) is not possible for ")
    assert REFUSALS[name] in text
    assert text.endswith("or keep the default, the average of the replicas' losses.")


def part_of(
    loss_of: Callable[[Any, Any], Any], gradients_of: Callable[[Any, Any], Any] | None = None
) -> tuple[tf.Graph, Any, ReplicaPart]:
    """Builds the part of the default strategy's one replica: losses 2, 4 and 6, and a weight of 2.

    Returns:
      The graph, the gradient with respect to the weight, and the part.
    """
    with tf1.Graph().as_default() as graph:
        features = tf1.placeholder_with_default(
            np.array([1, 2, 3], np.float32), [None], name="features"
        )
        weight = tf1.get_variable("weight", initializer=2.0)
        losses = tf.multiply(weight, features, name="losses")
        with gradient_scales.recorded(graph):
            loss = loss_of(losses, weight)
            differentiated = gradients_of(losses, weight) if gradients_of else loss
        [gradient] = tf1.gradients(differentiated, weight)
        return graph, gradient, global_mean.replica_part(loss, features, None, [])


def run(graph: tf.Graph, fetches: Any) -> Any:
    with graph.as_default(), tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        return session.run(fetches)


def penalized(losses: Any, weight: Any) -> Any:
    return tf.reduce_mean(losses) + tf.nn.l2_loss(weight)


def test_one_replica_has_the_whole_loss() -> None:
    graph, _, part = part_of(penalized)
    data, penalty = part.shares
    assert run(graph, part.loss) == 6.0  # (2 + 4 + 6) / 3, and 2 * 2 / 2
    assert (data.divisor, data.penalty) == ((("size", 0),), None)
    assert [op.type for op in data.reductions] == ["Mean"]
    assert [op.type for op in penalty.reductions] == ["L2Loss"]
    assert penalty.penalty == ("l2", frozenset({"weight"}))
    assert run(graph, [data.factor, penalty.factor]) == [1.0, 1.0]


def test_each_gradient_is_multiplied_by_the_factor_of_its_term() -> None:
    graph, _, part = part_of(penalized)
    new_inputs = global_mean.rewired(graph, [part])
    scales = {scale.op.name: op.type for op, scale in gradient_scales.scales(graph)}
    assert {scales[name] for name in new_inputs} == {"Mean", "L2Loss"}
    factors = {share.factor.op for share in part.shares}
    casts = [graph.get_tensor_by_name(name).op for name in new_inputs.values()]
    assert {cast.inputs[0].op for cast in casts} == factors


@pytest.mark.parametrize(
    ("gradients_of", "told"),
    [
        (lambda losses, weight: tf.reduce_sum(losses), "no gradient of mean"),
        (
            lambda losses, weight: tf.reduce_mean(losses) + tf.reduce_sum(weight * 3),
            "no gradient of mean",
        ),
    ],
    ids=["another loss", "a loss that is like it"],
)
def test_a_gradient_of_another_loss_is_refused(gradients_of: Any, told: str) -> None:
    graph, _, part = part_of(lambda losses, weight: tf.reduce_mean(losses), gradients_of)
    with pytest.raises(ValueError, match=f"{told}.* return that loss, or keep the default"):
        global_mean.rewired(graph, [part])


def test_what_belongs_to_another_replica_is_left_out() -> None:
    with tf1.Graph().as_default() as graph:
        own, other = tf1.placeholder(tf.float32, [3]), tf1.placeholder(tf.float32, [3])
        kept, left_out = tf.negative(own), tf.negative(other)
        term = LossTerm(
            name="losses",
            kind=Kind.DATA,
            op="losses",
            tensors=(kept.name, left_out.name),
            shape=(3,),
        )
        others = global_mean.ops_of_other_replicas([{"x": other}])
        assert others == {other.op}
        assert [one.name for one in global_mean.own_tensors(term, graph, others)] == [kept.name]


def test_a_penalty_of_one_replica_counts_once() -> None:
    """Each of two replicas would add half of it; the only one that has it adds all of it."""
    with tf1.Graph().as_default() as graph:
        loss = tf.zeros([])
        share = TermShare("l2(w)", set(), None, tf.identity(tf.constant(0.5)), False, ("l2", "w"))
        parts = [ReplicaPart(loss, set(), set(), shares) for shares in ([share], [])]
        [(name, factor)] = global_mean._regularization_inputs(graph, parts).items()
        assert name == share.factor.op.name
        assert run(graph, factor) == 1.0
        both = [ReplicaPart(loss, set(), set(), [share])] * 2
        assert global_mean._regularization_inputs(graph, both) == {}
