"""What is read of the graph's collections: their scopes, and the regularizers of layers.

Each program's graph was built on TensorFlow 2.21 with tf_keras 2.21, and its ledger measured: what
is read here does not disagree with it.
"""

import pytest

from estimator_compat.ledger.values import Kind, LossLedger
from tests.migrate.ledger_reading.sources import model_fn

BEFORE = """
    L2 = tf.keras.regularizers.l2(0.1)

    def net(x, **more):
        return tf.layers.dense(x, 3, **more)

    def xent(labels, logits, **more):
        return tf.losses.sparse_softmax_cross_entropy(labels, logits, **more)
"""
TWO = """
with tf.variable_scope("a"):
    tf.losses.sparse_softmax_cross_entropy(labels, tf.layers.dense(features["x"], 3))
with tf.variable_scope("b"):
    tf.losses.sparse_softmax_cross_entropy(
        labels, tf.layers.dense(features["x"], 3), reduction=tf.losses.Reduction.SUM)
"""


def read(body: str, loss: str) -> LossLedger:
    written = f"{body}\nreturn tf.estimator.EstimatorSpec(mode, loss={loss})"
    ledger = model_fn(written, BEFORE).train
    assert ledger is not None
    return ledger


@pytest.mark.parametrize(
    "loss",
    [
        "tf.add_n(tf.losses.get_losses(scope='b'))",
        "tf.add_n(tf.losses.get_losses('b'))",
        "tf.losses.get_total_loss(scope='a')",
        "tf.add_n(tf.get_collection(tf.GraphKeys.LOSSES, 'b'))",
    ],
)
def test_losses_of_a_scope_are_not_known(loss: str) -> None:
    ledger = read(TWO, loss)
    assert [term.kind for term in ledger.terms] == [Kind.OPAQUE]
    assert "which losses are in the scope" in ledger.stopped_by[0]


def test_losses_of_all_scopes_are_known() -> None:
    ledger = read(TWO, "tf.add_n(tf.losses.get_losses())")
    assert ledger.formula == "mean(softmax_cross_entropy) + sum(softmax_cross_entropy_2)"


@pytest.mark.parametrize("where", ["loss_collection='aux'", "loss_collection=None"])
def test_a_loss_of_another_collection_is_not_in_the_total(where: str) -> None:
    body = f"""
xent(labels, net(features["x"]), {where})
xent(labels, net(features["x"]), reduction=tf.losses.Reduction.SUM)
tf.losses.add_loss(tf.reduce_mean(features["w"]), loss_collection="aux")
"""
    assert read(body, "tf.losses.get_total_loss()").formula == "sum(softmax_cross_entropy)"


# Each is a body, and the terms of regularization beside the loss; "?" for what is not known.
REGULARIZED = [
    ("out = net(features['x'], kernel_regularizer=L2)", ["0.2 * l2(each variable)"]),
    ("out = net(features['x'], activity_regularizer=L2)", ["?"]),
    (
        """
with tf.variable_scope("s", regularizer=L2):
    out = net(features["x"])
""",
        ["?"],
    ),
    (
        """
with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
    out = net(features["x"], name="d", kernel_regularizer=L2)
""",
        ["0.2 * l2(each variable)"],
    ),
    (
        """
def tower(x):
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        return net(x, name="d", kernel_regularizer=L2)
out = tower(features["x"]) + tower(2.0 * features["x"])
""",
        ["0.2 * l2(each variable)"],
    ),
    (
        """
one = net(features["x"], name="d", kernel_regularizer=L2)
out = one + net(2.0 * features["x"], name="d", kernel_regularizer=L2, reuse=True)
""",
        ["0.2 * l2(each variable)", "?"],
    ),
    (
        """
def tower(x):
    return net(x, kernel_regularizer=L2)
out = tower(features["x"])
""",
        ["0.2 * l2(each variable)"],
    ),
    (
        """
def tower(x):
    made = {"out": net(x, kernel_regularizer=L2)}
    return made
made = tower(features["x"])
out = made["out"]
if made["out"] is not None:
    out = 2.0 * out
""",
        ["0.2 * l2(each variable)"],
    ),
]


@pytest.mark.parametrize(("body", "terms"), REGULARIZED)
def test_regularizers(body: str, terms: list[str]) -> None:
    ledger = read(f"{body}\nxent(labels, out)", "tf.losses.get_total_loss()")
    first, *rest = ledger.terms
    assert first.formula == "mean(softmax_cross_entropy)"
    assert ["?" if each.kind is Kind.OPAQUE else each.formula for each in rest] == terms
