"""Heads in source: their reduction by its name and by its position."""

import pytest

from tests.migrate.ledger_reading.sources import model_fn

MEAN = "SUM_OVER_BATCH_SIZE"
SUM = "tf.losses.Reduction.SUM"
# Each is a head, its reduction and the formula of its loss.
HEADS = [
    ("RegressionHead(1, 'w')", MEAN, "mean(features['w'] * squared_difference[batch, 1])"),
    (f"RegressionHead(1, None, {SUM})", "SUM", "sum(squared_difference[batch, 1])"),
    (f"RegressionHead(3, None, {SUM})", "SUM", "sum(squared_difference)"),
    (f"BinaryClassHead(None, None, None, {SUM})", "SUM", "sum(sigmoid_cross_entropy[batch, 1])"),
    (
        f"MultiClassHead(3, 'w', None, {SUM})",
        "SUM",
        "sum(features['w'] * softmax_cross_entropy[batch, 1])",
    ),
    (f"LogisticRegressionHead(None, {SUM})", "SUM", "sum(sigmoid_cross_entropy[batch, 1])"),
    (f"PoissonRegressionHead(1, None, {SUM})", "SUM", "sum(log_poisson[batch, 1])"),
    ("MultiClassHead(3, loss_reduction='sum')", "SUM", "sum(softmax_cross_entropy[batch, 1])"),
]
SPEC = """\
head = tf.estimator.{}
return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=train)
"""


@pytest.mark.parametrize(("head", "reduction", "formula"), HEADS)
def test_the_reduction(head: str, reduction: str, formula: str) -> None:
    read = model_fn(SPEC.format(head))
    assert read.because == ""
    for ledger in (read.train, read.eval):
        assert ledger is not None
        assert (ledger.formula, ledger.terms[0].reduction) == (formula, reduction)


@pytest.mark.parametrize(
    "head",
    ["RegressionHead(1, None, how)", f"RegressionHead(1, None, {SUM}, loss_fn)"],
)
def test_not_known(head: str) -> None:
    ledger = model_fn(SPEC.format(head)).train
    assert ledger is not None
    assert [term.reduction for term in ledger.terms] == [None]
    assert ledger.stopped_by != ()
