"""Initializers of variables after a warm start with a vocabulary, and values that are loaded."""

from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import initial_values


@pytest.mark.parametrize("use_resource", [True, False])
def test_a_variable_that_starts_from_a_vocabulary(use_resource: bool, tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("a\nb")
    new.write_text("b\nc")
    with tf.Graph().as_default(), tf1.Session() as session:
        variable = tf1.get_variable("words", initializer=[[1.0], [2.0]])
        session.run(variable.initializer)
        tf1.train.Saver().save(session, str(tmp_path / "ckpt"), write_meta_graph=False)
    with tf.Graph().as_default(), tf1.Session() as session:
        zeros = tf1.zeros_initializer()
        variable = tf1.get_variable("words", [2, 1], initializer=zeros, use_resource=use_resource)
        vocabulary = tf1.train.VocabInfo(str(new), 2, 0, str(old), 2, zeros)
        tf1.train.warm_start(str(tmp_path / "ckpt"), "words", {"words": vocabulary})
        assert isinstance(initial_values.initializer(variable), tf.Operation)
        session.run(initial_values.initializer(variable))
        assert session.run(variable).tolist() == [[2.0], [0.0]]  # "b" was known, "c" is new
        initial_values.load(variable, [[3.0], [4.0]], session)
        assert session.run(variable).tolist() == [[3.0], [4.0]]


def test_a_variable_that_starts_from_a_number() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        variable = tf1.get_variable("x", initializer=1.0)
        assert initial_values.initializer(variable) is variable.initializer
        initial_values.load(variable, 2.0, session)
        assert session.run(variable) == 2.0
