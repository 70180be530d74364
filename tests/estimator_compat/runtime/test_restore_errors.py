"""Which errors of a session are errors of its checkpoint, and what they say."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec
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
