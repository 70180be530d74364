"""The log of a program that `python -m estimator_compat run` runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.pythons import ROOT
from tests.recording.stderr_lines import own_lines

pytestmark = pytest.mark.subprocess

PROGRAM = """
import tensorflow as tf
tf.logging.set_verbosity(tf.logging.INFO)

def main(_):
    values = tf.layers.dense(tf.ones([1, 2]), 1)   # tf_keras warns
    tf.logging.info("ours")
    tf.to_float(values)   # TensorFlow warns
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
    tf.logging.warning("and ours")

tf.app.run()
"""


def stderr_of(folder: Path, *options: str) -> list[str]:
    """Returns what the program writes to stderr. Python itself starts, with TensorFlow's lines."""
    (folder / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, "-m", "estimator_compat", "run", *options, "program.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return own_lines(done.stderr)


def test_a_line_is_written_once_and_others_are_not(tmp_path: Path) -> None:
    assert stderr_of(tmp_path) == ["INFO:tensorflow:ours", "WARNING:tensorflow:and ours"]


def test_verbose_shows_them(tmp_path: Path) -> None:
    lines = stderr_of(tmp_path, "--verbose")
    assert "INFO:tensorflow:ours" in lines
    assert any("`tf.layers.dense` is deprecated" in line for line in lines)
    assert any("to_float" in line for line in lines)
