"""The ledger of each head's loss says which reduction the head was given, and computes the loss."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.heads import factories
from estimator_compat.ledger import reader
from estimator_compat.ledger.values import LossLedger
from tests.estimator_compat.heads import head_runs

tf1 = tf.compat.v1
V2 = head_runs.v2_heads(estimator_compat)
V1 = head_runs.v1_heads(factories)
V2_NAMES = {"sum_over_batch_size": "SUM_OVER_BATCH_SIZE", "sum": "SUM"}
V1_NAMES = {
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
}
CASES = [
    (name, how, said)
    for heads, names in ((V2, V2_NAMES), (V1, V1_NAMES))
    for name in heads
    for how, said in names.items()
]


def read(name: str, how: str) -> LossLedger:
    make, labels, more = {**V2, **V1}[name]
    head = make(weight_column="w", loss_reduction=how, **more)
    with tf.Graph().as_default():
        dtype = tf.string if labels.dtype.kind == "U" else tf.as_dtype(labels.dtype)
        features = {
            "x": tf1.placeholder(tf.float32, [None, 3]),
            "w": tf1.placeholder(tf.float32, [None]),
        }
        given = tf1.placeholder(dtype, [None, *labels.shape[1:]])
        logits, _ = head_runs.linear_logits(features, head.logits_dimension)
        loss: Any = (
            head.loss(given, logits, features)
            if name in V2
            else head.create_loss(features, "train", logits, given).training_loss
        )
        return reader.ledger(loss, features, given)


@pytest.mark.parametrize(("name", "how", "said"), CASES)
def test_the_ledger_names_the_reduction(name: str, how: str, said: str) -> None:
    ledger = read(name, how)
    assert ledger.stopped_by == ()
    [term] = ledger.terms
    assert "features['w']" in [step.operand for step in term.weightings]
    assert getattr(term.reduction, "name", term.reduction) == said
    if "multi_class" in name:
        # The weights have the dimension that the head adds to the softmax's losses.
        assert (term.op, term.axes) == ("softmax_cross_entropy", ("batch", "1"))


def test_the_table_has_every_head() -> None:
    assert len(CASES) == 2 * len(V2) + 4 * len(V1) == 32
    assert np.all([how in dict(V2_NAMES, **V1_NAMES) for _, how, _ in CASES])
