"""`LinearSDCA`: its messages, its examples, and where it ends up."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.canned import linear_sdca
from estimator_compat.canned.linear_sdca import LinearSDCA
from estimator_compat.canned.sdca_solver import Examples, Solver, SparseFeature

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def _columns() -> list[Any]:
    return [tf.feature_column.numeric_column("x")]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("LinearClassifier", {"n_classes": 3}, "LinearSDCA cannot be used in a multi-class"),
        ("LinearRegressor", {"label_dimension": 2}, "LinearSDCA can only be used with one-dim"),
        (
            "LinearClassifier",
            {"sparse_combiner": "mean"},
            'sparse_combiner must be "sum" when optimizer is a LinearSDCA object.',
        ),
    ],
)
@pytest.mark.parametrize("version", [estimator_compat, estimator_compat.v1])
def test_what_it_cannot_train(version: Any, name: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(version, name)(_columns(), optimizer=LinearSDCA("id"), **given)


def test_columns_of_version_1() -> None:
    with pytest.raises(ValueError, match="V2 feature columns required when optimizer is a Lin"):
        linear_sdca.check_classifier(LinearSDCA("id"), ["x"], 2, "sum")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"symmetric_l2_regularization": 0.0}, "symmetric_l2_regularization should be positive"),
        ({"symmetric_l1_regularization": -1.0}, "symmetric_l1_regularization should be non-neg"),
    ],
)
def test_factors_out_of_range(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LinearSDCA("id", **given).settings("squared_loss").check()


def test_another_head() -> None:
    head = estimator_compat.MultiClassHead(3)
    model = estimator_compat.LinearEstimator(head, _columns(), optimizer=LinearSDCA("id"))
    features = {"x": tf.ones([1, 1]), "id": tf.constant(["a"])}
    with pytest.raises(ValueError, match="Unsupported head type"):
        model.model_fn(features, tf.constant([1]), "train", model.config)


def test_ids_of_an_example_are_joined() -> None:
    # Example 0 has id 3 twice and an unknown word; example 2 has the ids 3 and 0.
    ids = tf.SparseTensor([[0, 0], [0, 1], [0, 2], [2, 0], [2, 1]], [3, -1, 3, 3, 0], [3, 3])
    found = linear_sdca.sparse_feature(ids, None)
    with tf1.Session() as session:
        rows, numbers, values = session.run([found.rows, found.ids, found.values])
    assert (rows.tolist(), numbers.tolist(), values.tolist()) == ([0, 2, 2], [3, 3, 0], [2, 1, 1])


@pytest.mark.parametrize("parts", [1, 2])
def test_it_ends_at_the_ridge_regression(parts: int) -> None:
    # With one example a batch, no thread races another: y = 2 and 4 for the ids 0 and 1.
    at = tf1.placeholder(tf.int64, [1])
    weights = [
        tf1.get_variable(f"w{part}", [2 // parts, 1], initializer=tf1.zeros_initializer())
        for part in range(parts)
    ]
    bias = [tf1.get_variable("b", [1], initializer=tf1.zeros_initializer())]
    examples = Examples(
        sparse=[SparseFeature(rows=tf.constant([0], tf.int64), ids=at, values=tf.ones([1]))],
        dense=[tf.zeros([1, 1])],
        labels=tf.gather(tf.constant([2.0, 4.0]), at),
        weights=tf.ones([1]),
        ids=tf.strings.as_string(at),
    )
    settings = LinearSDCA("id", num_table_shards=parts).settings("squared_loss")
    solver = Solver(examples, [weights], [bias], settings)
    step = tf1.train.get_or_create_global_step()
    train_op = solver.minimize(step)
    update = solver.update_weights(train_op)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        for row in [0, 1] * 10:
            session.run(update, {at: [row]})
        found = np.concatenate(session.run(weights))
        gap = session.run(solver.approximate_duality_gap())
        assert session.run(step) == 20
    # The minimum of (y - w)**2 / 2 + w**2 / 2 is w = y / 2.
    assert found == pytest.approx(np.array([[1.0], [2.0]]), rel=1e-5)
    assert gap == pytest.approx(0.0, abs=1e-5)
