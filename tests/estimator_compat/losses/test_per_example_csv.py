"""The CSV of per-example losses, written by an evaluation of our Estimator."""

import csv
import math

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.losses import per_example_csv

tf1 = tf.compat.v1


@pytest.mark.parametrize(
    ("losses", "weights", "expected_losses", "expected_weights"),
    [
        ([1.0, 4.0], [1.0, 0.0], [1.0, 4.0], [1.0, 0.0]),
        # One column: each example's own loss, and its weight.
        ([[1.0], [4.0]], [[0.5], [2.0]], [1.0, 4.0], [0.5, 2.0]),
        # (1*1 + 3*2) / 3 = 7/3, and (2*0 + 4*1) / 1 = 4.
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [2.0, 1.0]], [1.0, 10 / 3], [1.0, 3.0]),
        # No weight at all: 0, not NaN.
        ([[5.0, 7.0]], [[0.0, 0.0]], [0.0], [0.0]),
        # Rank 3: (1 + 2 + 3 + 4) / 4.
        ([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0, 1.0], [1.0, 1.0]]], [2.5], [4.0]),
        # A batch without examples.
        (np.zeros([0, 3]), np.zeros([0, 3]), [], []),
    ],
    ids=["vector", "column", "matrix", "weightless", "rank 3", "empty"],
)
def test_a_loss_is_averaged_to_one_number_an_example(
    losses, weights, expected_losses, expected_weights
):
    actual = per_example_csv.by_example(np.asarray(losses), np.asarray(weights))
    np.testing.assert_allclose(actual[0], expected_losses)
    np.testing.assert_allclose(actual[1], expected_weights)


def test_one_number_for_the_batch_is_refused():
    with pytest.raises(ValueError, match=r"expected shape \[batch, \.\.\.\]; pass"):
        per_example_csv.by_example(np.float32(1.0), np.float32(1.0))


def _model_fn(features, labels, mode, params):
    """Losses are the features; `params["helper"]` says whether they are registered."""
    weights = tf.constant(1.0) if labels is None else labels
    spec = {}
    if params["helper"]:
        added = estimator_compat.loss_summaries(features, weights, mode=mode)
        spec = {
            "eval_metric_ops": dict(added.eval_metric_ops),
            "evaluation_hooks": added.evaluation_hooks,
        }
    loss = tf.reduce_sum(features)
    train_op = tf1.assign_add(tf1.train.get_global_step(), 1)
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op, **spec)


LOSSES = np.array([0.5, 3.0, 0.1, 3.0, 2.0], np.float32)
WEIGHTS = np.array([1.0, 0.0, 2.0, 1.0, 0.5], np.float32)


def _evaluate(tmp_path, *, helper=True, worst=None, losses=LOSSES, batches=None):
    path = tmp_path / "losses.csv"
    estimator = estimator_compat.Estimator(
        _model_fn, model_dir=str(tmp_path / "model"), params={"helper": helper}
    )
    # Batches of 2, 2 and 1.
    inputs = lambda: tf.data.Dataset.from_tensor_slices((losses, WEIGHTS)).batch(2)  # noqa: E731
    hook = per_example_csv.PerExampleLossHook(str(path), worst)
    metrics = estimator.evaluate(inputs, steps=batches, hooks=[hook])
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["index", "loss", "weight"]
    assert hook.rows == len(rows)
    return metrics, [(int(i), float(loss), float(weight)) for i, loss, weight in rows]


def test_every_example_has_a_row_in_reading_order(tmp_path):
    metrics, rows = _evaluate(tmp_path)
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4]
    assert np.array_equal(np.array([row[1] for row in rows], np.float32), LOSSES)
    assert np.array_equal(np.array([row[2] for row in rows], np.float32), WEIGHTS)
    # (0.5 + 0 + 0.2 + 3 + 1) / 4.5
    assert metrics["average_loss"] == pytest.approx(4.7 / 4.5)


def test_the_worst_come_first_and_equals_stay_in_reading_order(tmp_path):
    _, rows = _evaluate(tmp_path, worst=3)
    assert [row[:2] for row in rows] == [(1, 3.0), (3, 3.0), (4, 2.0)]


def test_a_loss_that_is_no_number_is_the_worst_of_all(tmp_path):
    losses = np.array([0.5, 3.0, math.nan, 3.0, 2.0], np.float32)
    _, rows = _evaluate(tmp_path, worst=2, losses=losses)
    assert [row[0] for row in rows] == [2, 1]


def test_only_the_batches_that_were_evaluated_have_rows(tmp_path):
    _, rows = _evaluate(tmp_path, batches=2)
    assert [row[0] for row in rows] == [0, 1, 2, 3]


def test_a_model_fn_that_registers_nothing_is_told_how(tmp_path):
    with pytest.raises(ValueError, match="found no registered") as raised:
        _evaluate(tmp_path, helper=False)
    assert "`estimator_compat.loss_summaries(losses, weights, mode=mode)` in the model_fn" in str(
        raised.value
    )


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text("old\n")

    def rows():
        yield (0, 1.0, 1.0)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        per_example_csv.write(str(path), rows())
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        per_example_csv.write(str(tmp_path / "nowhere" / "losses.csv"), [])
