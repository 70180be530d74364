"""Which errors of a session are errors of its checkpoint, and what they say."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec
from estimator_compat.runtime import restore_errors
from tests.models.small_model import estimator, forever

tf1 = tf.compat.v1


def test_an_initializer_that_fails_is_not_taken_for_a_bad_checkpoint(tmp_path: Path) -> None:
    vocabulary = tmp_path / "words.txt"
    vocabulary.write_text("a\nb\n")

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        lookup = tf1.lookup
        words = lookup.TextFileInitializer(
            str(vocabulary),
            tf.string,
            lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            lookup.TextFileIndex.LINE_NUMBER,
        )
        found = lookup.StaticVocabularyTable(words, 1).lookup(tf.constant(["a"]))
        w = tf1.get_variable("w", [], initializer=tf1.ones_initializer())
        step = tf1.assign_add(tf1.train.get_global_step(), 1)
        return EstimatorSpec(mode, loss=w * tf.cast(found[0], tf.float32), train_op=step)

    model = estimator(tmp_path / "model", function=model_fn)
    model.train(forever, steps=1)
    vocabulary.unlink()
    with pytest.raises(tf.errors.NotFoundError, match=r"words\.txt") as caught:
        model.train(forever, steps=1)
    assert "could not be restored" not in str(caught.value)


def restoring() -> tuple[Any, Any]:
    """Returns the restore op of a saver, and the saver."""
    tf1.get_variable("w", [2])
    saver = tf1.train.Saver()
    (restore,) = (op for op in tf1.get_default_graph().get_operations() if op.type == "RestoreV2")
    return restore, saver


def test_only_ops_of_the_saver_restore() -> None:
    with tf.Graph().as_default():
        restore, saver = restoring()
        assert restore_errors.is_restore_op(restore, saver)
        assert not restore_errors.is_restore_op(tf.constant(1).op, saver)
        assert not restore_errors.is_restore_op(None, saver)
        assert not restore_errors.is_restore_op(restore, None)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (tf.errors.NotFoundError, tf.errors.NotFoundError),
        (tf.errors.DataLossError, tf.errors.DataLossError),
        # A file that was cut short; the end of the input means something else.
        (tf.errors.OutOfRangeError, tf.errors.DataLossError),
    ],
)
def test_the_error_names_the_other_checkpoints(raised: Any, told: Any, tmp_path: Path) -> None:
    for step in (1, 2):
        (tmp_path / f"model.ckpt-{step}.index").touch()
    checkpoint = str(tmp_path / "model.ckpt-2")
    with tf.Graph().as_default():
        op = tf.constant(1, name="mine").op
    error: Any = restore_errors.restore_error(raised(op.node_def, op, "the reason"), checkpoint)
    assert type(error) is told
    assert error.op is op
    assert error.message.startswith(f"The checkpoint {checkpoint} could not be restored")
    assert f"its folder has other checkpoints: {tmp_path / 'model.ckpt-1'}; name" in error.message
    assert error.message.endswith("TensorFlow says: the reason")


def test_a_graph_with_other_names_of_keras_3(monkeypatch: pytest.MonkeyPatch) -> None:
    with tf.Graph().as_default():
        op = tf.constant(1, name="mine").op

    def told(kind: Any) -> str:
        error: Any = restore_errors.restore_error(kind(op.node_def, op, "the reason"), "a/ckpt-2")
        return str(error.message)

    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(__version__="3.15.1"))
    assert "Keras 3 is loaded in this process." in told(tf.errors.NotFoundError)
    assert "import `estimator_compat` before anything" in told(tf.errors.NotFoundError)
    assert "Keras" not in told(tf.errors.DataLossError)
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(__version__="2.15.0"))
    assert "Keras" not in told(tf.errors.NotFoundError)


def test_a_checkpoint_by_object_says_how_to_convert_it() -> None:
    error = restore_errors.object_based_error("folder/ckpt-1")
    assert isinstance(error, ValueError)
    assert str(error).startswith("The checkpoint folder/ckpt-1 was written by tf.train.Checkpoint")
    assert str(error).endswith("or with: migrate checkpoint")
