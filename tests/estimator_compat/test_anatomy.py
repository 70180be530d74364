"""The walk from a scalar loss to its ledger, and the check of it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import anatomy, ledger_check

tf1 = tf.compat.v1
Reduction = tf1.losses.Reduction
LABELS, WEIGHTS = np.float32([0, 1, 2, 1]), np.float32([1, 0, 2, 0.5])


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def inputs() -> tuple[dict[str, Any], Any]:
    """Features x and w, and labels, of a batch whose size the graph does not know."""
    x = tf1.placeholder_with_default(np.float32(np.arange(12).reshape(4, 3) / 7), [None, 3])
    w = tf1.placeholder_with_default(WEIGHTS, [None])
    return {"x": x, "w": w}, tf1.placeholder_with_default(LABELS, [None])


def outputs(features: Any, units: int = 1) -> Any:
    kernel = tf1.get_variable("kernel", [3, units], initializer=tf1.ones_initializer())
    return features["x"] @ kernel


def squares(features: Any, labels: Any) -> Any:
    return tf.square(labels - outputs(features)[:, 0])


def losses(features: Any, labels: Any, weights: Any = 1.0, reduction: Any = None) -> Any:
    reduction = reduction or Reduction.SUM_BY_NONZERO_WEIGHTS
    given = outputs(features)[:, 0]
    return tf1.losses.mean_squared_error(labels, given, weights, reduction=reduction)


W = "features['w']"
# A loss, its formula, and the rows of the reductions' table.
CASES: dict[str, tuple[Callable[[Any, Any], Any], str, list[str | None]]] = {
    "default": (losses, "mean(squared_difference[batch])", ["SUM_OVER_BATCH_SIZE"]),
    "weighted": (
        lambda f, y: losses(f, y, f["w"]),
        f"sum({W} * squared_difference[batch]) / count({W} != 0)",
        ["SUM_BY_NONZERO_WEIGHTS"],
    ),
    "MEAN": (
        lambda f, y: losses(f, y, f["w"], Reduction.MEAN),
        f"sum({W} * squared_difference[batch]) / sum({W})",
        ["MEAN"],
    ),
    "SUM": (
        lambda f, y: losses(f, y, f["w"], Reduction.SUM),
        f"sum({W} * squared_difference[batch])",
        ["SUM"],
    ),
    "reduce_mean": (
        lambda f, y: tf.reduce_mean(squares(f, y)),
        "mean(squared_difference[batch])",
        ["SUM_OVER_BATCH_SIZE"],
    ),
    "padded_denominator": (
        lambda f, y: tf.reduce_sum(f["w"] * squares(f, y)) / (tf.reduce_sum(f["w"]) + 1e-5),
        f"sum({W} * squared_difference[batch]) / (sum({W}) + 1e-05)",
        [None],
    ),
    "scaled": (
        lambda f, y: 0.5 * tf.reduce_mean(squares(f, y)),
        "0.5 * mean(squared_difference[batch])",
        ["SUM_OVER_BATCH_SIZE"],
    ),
    "regularized": (
        lambda f, y: losses(f, y) + 1e-4 * tf.nn.l2_loss(tf1.trainable_variables()[0]),
        "mean(squared_difference[batch]) + 0.0001 * l2(kernel)",
        ["SUM_OVER_BATCH_SIZE", None],
    ),
}


def checked(build: Callable[[Any, Any], Any]) -> Any:
    """The ledger of a loss, checked on the inputs' one batch."""
    features, labels = inputs()
    read = anatomy.ledger(build(features, labels), features, labels)
    names = ledger_check.tensors(read)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        values = session.run(list(names))
    return ledger_check.check(read, [dict(zip(names, values, strict=True))], sizes=[4])


@pytest.mark.parametrize(("build", "formula", "rows"), CASES.values(), ids=CASES)
def test_ledgers(build: Any, formula: str, rows: list[str | None]) -> None:
    read = checked(build)
    assert read.formula == formula
    assert [term.reduction for term in read.terms] == rows
    assert read.check.passed
    assert read.stopped_by == ()
