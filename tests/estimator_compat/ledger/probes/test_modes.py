"""The probe "modes": whether TRAIN and EVAL compute the same loss."""

from typing import Any

import tensorflow as tf

from estimator_compat import EstimatorSpec
from estimator_compat.ledger import cautions
from estimator_compat.ledger.values import LossLedger, Status
from migrate import measured_ledger
from migrate.targets import Target
from tests.estimator_compat.ledger.probes.small_batch import FEATURES, LABELS, claim

tf1 = tf.compat.v1


def both(change: Any) -> tuple[LossLedger, LossLedger]:
    """Examines a model whose hidden layer is changed as `change(layer, training)` does."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        training = mode == "train"
        net = change(tf1.layers.dense(features["x"], 4, name="hidden"), training)
        loss = tf.reduce_mean(tf.square(tf1.layers.dense(net, 1)[:, 0] - labels["y"]))
        optimizer = tf1.train.GradientDescentOptimizer(0.01)
        return EstimatorSpec(
            mode, loss=loss, train_op=optimizer.minimize(loss, tf1.train.get_global_step())
        )

    data = (FEATURES, LABELS)
    input_fn = lambda: tf.data.Dataset.from_tensor_slices(data).batch(4)  # noqa: E731
    return measured_ledger.examine_both(Target(model_fn=model_fn, input_fns=input_fn))


def test_the_same_model() -> None:
    train, evaluation = both(lambda net, _: net)
    assert evaluation.claims[0].status is Status.SHOWN
    assert not cautions.differences(train, evaluation)


def test_a_layer_that_only_training_has() -> None:
    """The formulas are the same; the numbers are not."""
    train, evaluation = both(lambda net, training: tf.nn.relu(net) if training else net)
    assert evaluation.claims[0].status is Status.REFUTED
    (caution,) = cautions.differences(train, evaluation)
    assert caution.code == "train-eval"
    assert "for the same weights and batch it is" in caution.text


def test_dropout_is_named() -> None:
    train, evaluation = both(lambda net, training: tf1.layers.dropout(net, 0.4, training=training))
    found = evaluation.claims[0]
    assert found.status is Status.NOT_KNOWN
    assert found.reason.startswith("TRAIN draws random numbers (dropout")
    assert not cautions.differences(train, evaluation)


def test_statistics_of_the_batch_in_training_only() -> None:
    """In EVAL an example's loss does not depend on the others, and that is what counts."""
    train, evaluation = both(
        lambda net, training: tf1.layers.batch_normalization(net, training=training)
    )
    assert evaluation.claims[0].reason == "TRAIN uses the statistics of its batch, EVAL does not"
    (term,) = train.terms
    assert claim(term, "leaving out").status is Status.SHOWN
    assert "in EVAL they do not" in claim(term, "modes").text
