"""Legacy code with eager execution, in separate processes: the switches are global."""

import os
import subprocess

import pytest

from tests.recording import pythons

pytestmark = pytest.mark.subprocess

MODEL = """
import tensorflow.compat.v1 as tf1
import tensorflow as tf
import migrate
from migrate.hosting import eager_mode, v2_behavior
def model_fn(features, labels, mode):
    raise AssertionError("not called")
def verify():
    migrate.verify(migrate.Target(model_fn=model_fn, input_fns=lambda: None))
"""
KEPT = """
v2_behavior.keep()
tf1.disable_v2_behavior()
tf.compat.v1.disable_v2_behavior()
tf1.disable_eager_execution()
tf1.disable_resource_variables()
assert tf.executing_eagerly()
assert tf1.resource_variables_enabled()
with tf1.Graph().as_default():
    assert tf1.ones([2, 3]).shape[1].value == 3  # a Dimension, as legacy code knows it
    assert len({tf1.ones([2]), tf1.ones([2])}) == 2  # a tensor is a key
    # A loop is ops of the graph itself: the seeds of random ops in it are those of an Estimator.
    assert tf1.while_loop(lambda i: i < 3, lambda i: i + 1, [0]).op.type == "Exit"
    first = tf1.get_variable("first", initializer=2.0)
    second = tf1.get_variable("second", initializer=3.0 * first.initialized_value())
    with tf1.Session() as session:
        session.run(second.initializer)
        assert session.run(second) == 6.0
        assert session.run(tf1.identity(second._ref())) == 6.0  # OpenNMT copies weights so
eager_mode.require_eager()
"""
ENDED = """
tf1.disable_v2_behavior()
try:
    verify()
except RuntimeError as error:
    print(error)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-c", MODEL + program],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_legacy_switches_leave_eager_execution_on() -> None:
    run(KEPT)


def test_it_says_what_to_do_where_it_is_off() -> None:
    said = run(ENDED)
    assert said.startswith("Eager execution is off here")
    assert "expected it to be on" in said
    assert "load legacy code with `migrate.load(..., facade=True)`, or call" in said
