"""The probe "leaving out"."""

from typing import Any

import tensorflow as tf

from estimator_compat.ledger.values import Status
from tests.estimator_compat.ledger.probes.small_batch import claim, examined, outputs, squares

tf1 = tf.compat.v1


def test_dropout_draws_do_not_couple_examples() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        net = tf1.nn.dropout(outputs(features), rate=0.5)
        return tf.reduce_mean(tf.square(net[:, 0] - labels["y"]))

    (term,) = examined(loss_fn).terms
    assert claim(term, "leaving out").status is Status.SHOWN


def test_draws_of_a_generator_are_not_known() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        noise = tf.random.gamma(tf.shape(labels["y"]), 2.0)
        return tf.reduce_mean(squares(features, labels) * noise)

    (term,) = examined(loss_fn).terms
    assert claim(term, "leaving out").status is Status.NOT_KNOWN
    assert claim(term, "leaving out").reason.startswith("two runs of one batch give different")


def test_chosen_elements_of_independent_examples() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        return tf.reduce_sum(tf.boolean_mask(squares(features, labels), features["mask"] > 0))

    (term,) = examined(loss_fn).terms
    assert claim(term, "leaving out").status is Status.SHOWN


def test_weights_that_depend_on_the_batch() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        weights = tf.nn.softmax(features["w"])
        return tf1.losses.compute_weighted_loss(squares(features, labels), weights)

    (term,) = examined(loss_fn).terms
    reason = "without one example, the weights of the others are other numbers"
    assert claim(term, "leaving out").reason == reason
