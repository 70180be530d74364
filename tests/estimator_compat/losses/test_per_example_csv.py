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
    # The second example has the weight 0.
    assert header == ["index", "loss", "weight", "note"]
    marked = {int(row[0]) for row in rows if row[3] == "weight 0: not in average_loss"}
    assert marked == {1} & {int(row[0]) for row in rows}
    assert hook.rows == len(rows)
    return metrics, [(int(i), float(loss), float(weight)) for i, loss, weight, _ in rows]


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


# The losses of 8 examples in batches of 4, 3 and 1, whose rows are chosen, flattened or sorted.
_X = np.array([1, 2, 3, 4, 5, 6, 7, 8], np.float32)
_Y = 2 * _X + np.array([0, 0, 40, 1, 0, 2, 3, 30], np.float32)
_LABELED = np.array([0, 0, 1, 1, 0, 1, 1, 1], bool)
_PAIRS = np.stack([_Y, 2 * _X], 1)


def _labeled_difference(features, labels):
    has_label = features["labeled"]
    return tf1.losses.absolute_difference(
        tf.boolean_mask(labels, has_label), 2 * tf.boolean_mask(features["x"], has_label)
    )


def _gathered(features, labels):
    places = tf.where(features["labeled"])[:, 0]
    return tf.reduce_mean(tf.gather(tf.abs(labels - 2 * features["x"]), places))


def _gathered_nd(features, labels):
    places = tf.where(features["labeled"])
    return tf.reduce_mean(tf.gather_nd(tf.abs(labels - 2 * features["x"]), places))


def _partitioned(features, labels):
    losses = tf.abs(labels - 2 * features["x"])
    _, counted = tf.dynamic_partition(losses, tf.cast(features["labeled"], tf.int32), 2)
    return tf.reduce_mean(counted)


def _sorted(features, labels):
    losses = tf.sort(tf.abs(labels - 2 * features["x"]))
    return tf.reduce_mean(losses)


def _flattened(features, labels):
    del labels
    pairs = tf.reshape(features["pair"], [-1])
    return tf.reduce_mean(tf.abs(pairs - tf.repeat(2 * features["x"], 2)))


def _loss_summaries(loss_fn):
    def model_fn(features, labels, mode):
        loss = loss_fn(features, labels) + 0.0 * tf1.get_variable("v", [])
        train_op = tf1.assign_add(tf1.train.get_global_step(), 1)
        return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return estimator_compat.with_loss_summaries(model_fn)


def _eight_examples():
    features = {"x": _X, "labeled": _LABELED, "pair": _PAIRS}
    dataset = tf.data.Dataset.from_tensor_slices((features, _Y))
    return dataset.take(4).batch(4).concatenate(dataset.skip(4).batch(3))


# |y - 2x| of the examples with a label: 2 by 40, 3 by 1, 5 by 2, 6 by 3, 7 by 30.
_OF_LABELED = {2: 40.0, 3: 1.0, 5: 2.0, 6: 3.0, 7: 30.0}
_OF_ALL = {0: 0.0, 1: 0.0, **_OF_LABELED, 4: 0.0}


def _evaluated(tmp_path, model_fn, *hooks):
    estimator = estimator_compat.Estimator(model_fn, model_dir=str(tmp_path / "model"))
    return estimator.evaluate(_eight_examples, hooks=list(hooks))


@pytest.mark.parametrize(
    ("loss_fn", "losses", "weight"),
    [
        (_labeled_difference, _OF_LABELED, 1.0),
        (_gathered, _OF_LABELED, 1.0),
        (_gathered_nd, _OF_LABELED, 1.0),
        (_partitioned, _OF_LABELED, 1.0),
        (_sorted, _OF_ALL, 1.0),
        # The second of a pair has no loss: the mean of the two is half of the first.
        (_flattened, {row: loss / 2 for row, loss in _OF_ALL.items()}, 2.0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_index_is_the_row_of_the_input(tmp_path, loss_fn, losses, weight):
    path = tmp_path / "losses.csv"
    model_fn = _loss_summaries(loss_fn)
    hook = per_example_csv.PerExampleLossHook(str(path))
    metrics = _evaluated(tmp_path, model_fn, hook)
    with open(path, newline="") as file:
        rows = {int(row["index"]): row for row in csv.DictReader(file)}
    assert list(rows) == sorted(rows)
    assert {index: float(row["loss"]) for index, row in rows.items()} == losses
    assert {float(row["weight"]) for row in rows.values()} == {weight}
    assert (hook.rows, hook.examples) == (len(losses), 8)
    assert metrics["average_loss"] == pytest.approx(np.mean(list(losses.values())))
    # The hook changes no bit of the results.
    assert metrics == _evaluated(tmp_path, model_fn)


def test_the_worst_of_the_labeled_are_named(tmp_path):
    path = tmp_path / "losses.csv"
    hook = per_example_csv.PerExampleLossHook(str(path), 2)
    _evaluated(tmp_path, _loss_summaries(_labeled_difference), hook)
    assert path.read_text() == "index,loss,weight\n2,40.0,1.0\n7,30.0,1.0\n"


def _pairs(features, labels):
    x, y = features["x"], labels
    return tf.reduce_mean(tf.square((y[:, tf.newaxis] - y) - (x[:, tf.newaxis] - x)))


def _neighbors(features, labels):
    del labels
    return tf.reduce_mean(tf.abs(features["x"] - tf.roll(features["x"], 1, 0)))


def _of_python(features, labels):
    distances = tf1.py_func(lambda x, y: np.sort(abs(x - y)), [features["x"], labels], tf.float32)
    losses = tf.ensure_shape(distances, [None]) * tf1.get_variable("w", [])
    return tf.reduce_mean(tf.square(losses))


@pytest.mark.parametrize(
    ("loss_fn", "problem"),
    [
        (_pairs, "some of them depend on several examples, because of sub"),
        (_neighbors, "some of them depend on several examples, because of their values"),
        (_of_python, "the rows of the input could not be followed through PyFunc (PyFunc)"),
    ],
    ids=["pairs", "neighbors", "py_func"],
)
def test_losses_without_a_row_are_refused(tmp_path, loss_fn, problem):
    path = tmp_path / "losses.csv"
    path.write_text("old\n")
    hook = per_example_csv.PerExampleLossHook(str(path))
    with pytest.raises(ValueError, match="cannot tell which examples the losses") as raised:
        _evaluated(tmp_path, _loss_summaries(loss_fn), hook)
    assert problem in str(raised.value)
    assert "with weights of 0 for those that do not count, or leave the flag out." in str(
        raised.value
    )
    assert path.read_text() == "old\n"


def test_another_estimator_has_to_attach_its_inputs(tmp_path):
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        estimator_compat.loss_summaries(tf.constant([1.0]), mode="eval")
        with pytest.raises(ValueError, match="does not know the evaluation's features") as raised:
            per_example_csv.PerExampleLossHook("a.csv").begin()
    assert "call its `evaluate` with this hook, or call `attach_inputs`" in str(raised.value)
