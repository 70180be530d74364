"""The progress hook within real sessions of our Estimator."""

from typing import Any

import tensorflow as tf

import estimator_compat
from estimator_compat.command_line.progress_hook import ProgressHook

tf1 = tf.compat.v1


class _Recorder:
    """A display, and its one stage, that write down what they are told."""

    def __init__(self, every):
        self.told, self._every = [], every

    def stage(self, label, *, unit, start, total):
        self.told.append((label, unit, start, total))
        return self

    def due(self, position):
        return position % self._every == 0

    def show(self, position, loss):
        self.told.append((position, loss))

    def close(self):
        self.told.append("closed")


def _model_fn(features, labels, mode, params):
    """A loss that is the feature itself, and a global step that rises by `params["by"]`."""
    loss = tf.reduce_mean(features)
    with tf.control_dependencies([loss]):
        update = tf1.assign_add(tf1.train.get_global_step(), params["by"])
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=update, predictions=features)


def _inputs(count):
    # Losses 1.0, 2.0, ... so that a shown loss tells its batch.
    return lambda: (
        tf.data.Dataset.range(1, count + 1).map(lambda n: tf.cast(n, tf.float32)).batch(1)
    )


def _train(model_dir, *, count, every, total=None, by=1):
    recorder: Any = _Recorder(every)
    hook = ProgressHook(recorder, "train", total=total, training=True)
    estimator = estimator_compat.Estimator(_model_fn, model_dir=str(model_dir), params={"by": by})
    estimator.train(_inputs(count), hooks=[hook], max_steps=total)
    return hook, recorder.told


def test_due_steps_and_the_last_one_are_shown(tmp_path):
    hook, told = _train(tmp_path, count=5, every=2)
    assert told == [("train", "step", 0, None), (2, 2.0), (4, 4.0), (5, 5.0), "closed"]
    assert (hook.position, hook.loss) == (5, 5.0)


def test_a_resumed_training_counts_on(tmp_path):
    _train(tmp_path, count=3, every=2)
    _, told = _train(tmp_path, count=9, every=100, total=5)
    assert told == [("train", "step", 3, 5), (5, 2.0), "closed"]


def test_a_step_that_rises_by_two_is_shown_as_it_is(tmp_path):
    _, told = _train(tmp_path, count=3, every=4, by=2)
    assert told[-2:] == [(6, 3.0), "closed"]


def test_nothing_to_train_never_began(tmp_path):
    _train(tmp_path, count=3, every=2)
    hook, told = _train(tmp_path, count=3, every=2, total=3)
    assert not hook.began
    assert told == []


def test_an_evaluation_counts_its_batches_from_zero(tmp_path):
    _train(tmp_path, count=3, every=2)
    recorder: Any = _Recorder(every=2)
    hook = ProgressHook(recorder, "evaluate", total=4, training=False)
    estimator = estimator_compat.Estimator(_model_fn, model_dir=str(tmp_path), params={"by": 1})
    estimator.evaluate(_inputs(9), steps=4, hooks=[hook])
    assert recorder.told == [("evaluate", "batch", 0, 4), (2, None), (4, None), "closed"]
