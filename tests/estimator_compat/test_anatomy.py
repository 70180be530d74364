"""The walk from a scalar loss back to its unreduced losses."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import anatomy

tf1 = tf.compat.v1
Reduction = tf1.losses.Reduction
LABELS, OUTPUTS = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [1.0], [1.0]])
WEIGHTS = np.array([[1.0], [0.0], [2.0]])
SQUARES = [[1.0], [0.0], [4.0]]  # (LABELS - OUTPUTS) ** 2


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def squares() -> Any:
    return tf.square(tf.constant(LABELS, tf.float32) - tf.constant(OUTPUTS, tf.float32))


def losses(weights: Any = 1.0, reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Any:
    return tf1.losses.mean_squared_error(LABELS, OUTPUTS, weights, reduction=reduction)


# A loss, the unreduced losses found behind it, and their weights.
FOUND: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    **{
        f"{reduction}_{'weighted' if weights is WEIGHTS else 'plain'}": (
            lambda weights=weights, reduction=reduction: losses(weights, reduction),
            SQUARES,
            WEIGHTS if weights is WEIGHTS else None,
        )
        for reduction in Reduction.all()
        if reduction != Reduction.NONE
        for weights in (1.0, WEIGHTS)
    },
    **{
        f"weights_of_{dtype.name}": (
            lambda dtype=dtype: losses(tf.constant(WEIGHTS, dtype)),
            SQUARES,
            WEIGHTS,
        )
        for dtype in (tf.float32, tf.float64, tf.int64)
    },
    "reduce_mean": (lambda: tf.reduce_mean(squares()), SQUARES, None),
    "reduce_sum": (lambda: tf.reduce_sum(squares()), SQUARES, None),
    "in_two_steps": (lambda: tf.reduce_mean(tf.reduce_sum(squares(), 1)), [1.0, 0.0, 4.0], None),
    "renamed": (lambda: tf.identity(tf.reduce_mean(squares()), name="loss"), SQUARES, None),
    "reshaped": (lambda: tf.reshape(tf.reduce_mean(squares(), keepdims=True), []), SQUARES, None),
    "divided": (lambda: tf.reduce_sum(squares()) / 3.0, SQUARES, None),
    "quotient_of_tensors": (
        lambda: tf.reduce_sum(tf.reduce_sum(squares()) / (1.0 + squares())),
        [[2.5], [5.0], [1.0]],  # 5 / (1 + [1, 0, 4])
        None,
    ),
    # A product that `tf.losses` did not make is a loss of its own.
    "own_product": (
        lambda: tf.reduce_mean(squares() * tf.constant(WEIGHTS, tf.float32)),
        [[1.0], [0.0], [8.0]],
        None,
    ),
}


@pytest.mark.parametrize(("build", "unreduced", "weights"), FOUND.values(), ids=FOUND)
def test_found(build: Any, unreduced: Any, weights: Any) -> None:
    found = anatomy.unreduced(build())
    with tf1.Session() as session:
        np.testing.assert_allclose(session.run(found.losses), unreduced)
        assert (found.weights is None) is (weights is None)
        if weights is not None:
            np.testing.assert_allclose(session.run(found.weights), weights)


NOT_UNDERSTOOD: dict[str, tuple[Callable[[], Any], str]] = {
    "sum_of_terms": (lambda: tf.reduce_mean(squares()) + 1.0, "of type AddV2"),
    "scaled": (lambda: 2.0 * tf.reduce_mean(squares()), "of type Mul"),
    "total": (
        lambda: (losses(), losses(), tf1.losses.get_total_loss())[-1],
        "of type AddN",
    ),
    "constant": (lambda: tf.constant(1.0), "of type Const"),
}


@pytest.mark.parametrize(("build", "why"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_not_understood(build: Any, why: str) -> None:
    with pytest.raises(anatomy.NotUnderstood, match=why):
        anatomy.unreduced(build())
