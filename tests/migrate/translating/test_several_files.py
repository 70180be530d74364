"""A program of several files, with flags and hyperparameters in an object: written, proved, run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

FILES = {
    "data.py": """\
import numpy as np
import tensorflow as tf
from shared import SIZE as N
import shared

flags = tf.app.flags
FLAGS = flags.FLAGS
flags.DEFINE_integer("batch", 8, "How many examples a batch has.")
flags.DEFINE_float("noise", 0.5, "Noise.")

def _examples():
    random = np.random.RandomState(3)
    x = random.randn(N, 4).astype(np.float32)
    return x, shared.label(x)

def input_fn(mode):
    if mode != "train":
        return eval_input_fn()
    return train_input_fn()

def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(_examples())
    dataset = dataset.repeat().batch(FLAGS.batch)
    iterator = dataset.make_one_shot_iterator()
    x, y = iterator.get_next()
    # The names of the features.
    return {"x": x * 1.0}, y

def eval_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(_examples()).batch(7)
    iterator = dataset.make_one_shot_iterator()
    x, y = iterator.get_next()
    return {"x": x}, y
""",
    "shared.py": """\
import numpy as np
SIZE = 30
RATE = 0.1
def label(x):
    return (x.sum(1) > 0).astype(np.float32)
""",
    "ops.py": """\
import tensorflow.compat.v1 as tf1
FACTOR = 0.3
def leaky(x):
    return tf1.maximum(x, FACTOR * x)
def block(x, units, name):
    return leaky(tf1.layers.dense(x, units, name=name))
""",
    "model.py": """\
import tensorflow as tf
import ops
from shared import RATE
FLAGS = tf.app.flags.FLAGS
tf.app.flags.DEFINE_integer("units", 5, "Units.")

def model_fn(features, labels, mode):
    net = ops.block(features["x"], FLAGS.units, "first")
    net = ops.leaky(net)
    logits = tf.layers.dense(net, 1, name="second")[:, 0]
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits})
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"mean": tf.metrics.mean(logits)}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    step = tf.train.get_global_step()
    train_op = tf.train.GradientDescentOptimizer(RATE).minimize(loss, global_step=step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
""",
    "hp.py": """\
import tensorflow as tf
import model
import data
from migrate import Target
def model_fn(features, labels, mode, params):
    x = tf.layers.dense(features["x"], params.hidden, name="first", activation=tf.nn.relu)
    logits = tf.squeeze(tf.layers.dense(x, 1, name="second"), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits})
    loss = params.scale * tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    step = tf.train.get_global_step()
    train_op = tf.train.AdamOptimizer(params.rate).minimize(loss, global_step=step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
def target():
    inputs = {"train": data.train_input_fn, "eval": data.eval_input_fn}
    params = tf.contrib.training.HParams(hidden=7, scale=0.5, rate=0.01, name="x")
    return Target(model_fn=model_fn, input_fns=inputs, params=params)
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _run(folder: Path, *arguments: str) -> str:
    top = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": top},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _translated(folder: Path, target: str, *arguments: str) -> str:
    command = ["-m", "migrate", "translate", "--facade", target, "-o", "loop.py", "--verify"]
    shown = _run(folder, *command, *arguments)
    assert "wrote loop.py: whole" in shown
    assert "EQUIVALENT: " in shown or "IDENTICAL: " in shown
    return (folder / "loop.py").read_text()


def test_files_and_flags(folder: Path) -> None:
    written = _translated(
        folder, "model.py:model_fn", "--input_fn=data.py:input_fn", "--", "--units=6"
    )
    assert 'flags.DEFINE_integer("units", 6, "Units.")' in written
    assert 'flags.DEFINE_integer("batch", 8, "How many examples a batch has.")' in written
    assert "noise" not in written
    assert 'dataset = input_fn(mode="train")' in written
    for module in ("data", "shared", "ops", "model"):
        assert f"import {module}" not in written
        (folder / f"{module}.py").unlink()
    shown = _run(folder, "loop.py", "--model_dir=run", "--steps=20", "--batch=4")
    assert "'loss': " in shown
    _run(folder, "-c", "import loop; loop.Loop()")


def test_hyperparameters_in_an_object(folder: Path) -> None:
    written = _translated(folder, "hp.py:target")
    assert 'PARAMS = types.SimpleNamespace(hidden=7, scale=0.5, rate=0.01, name="x")' in written
    assert "'loss': " in _run(folder, "loop.py", "--model_dir=run", "--steps=20")
