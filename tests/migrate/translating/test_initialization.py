"""What a written module does for `tf.train.init_from_checkpoint`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.translating.sections import initialization
from migrate.translating.training_facts import CheckpointFact
from tests.recording.pythons import ROOT

PROGRAM = """\
import numpy as np
import tensorflow.compat.v1 as tf

import migrate

PARAMS = {"init_checkpoint": "pretrained/model.ckpt", "bias_checkpoint": "biases/model.ckpt"}


def model_fn(features, labels, mode, params):
    with tf.variable_scope("tower"):
        net = tf.layers.dense(features, 8, activation=tf.nn.relu, name="hidden")
        net = tf.layers.batch_normalization(net, training=mode == "train", name="norm")
    logits = tf.layers.dense(net, 3, name="logits")
    if params.get("init_checkpoint"):
        there = dict(tf.train.list_variables(params["init_checkpoint"]))
        mine = [v.op.name for v in tf.global_variables() if v.op.name.startswith("tower")]
        names = {name.replace("tower", "encoder"): name for name in mine}
        tf.train.init_from_checkpoint(
            params["init_checkpoint"], {k: v for k, v in names.items() if k in there}
        )
    tf.train.init_from_checkpoint(params["bias_checkpoint"], {"b": "logits/bias"})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.MomentumOptimizer(0.1, 0.9).minimize(
            loss, tf.train.get_global_step()
        )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn():
    random = np.random.RandomState(0)
    data = random.randn(22, 5).astype(np.float32), random.randint(0, 3, 22).astype(np.int32)
    return tf.data.Dataset.from_tensor_slices(data).repeat().batch(8)


def target():
    return migrate.Target(model_fn=model_fn, input_fns={"train": input_fn}, params=PARAMS)
"""
CHECKPOINTS = """\
import os
import tensorflow as tf
import tensorflow.compat.v1 as tf1

SHAPES = {
    "pretrained": {
        "encoder/hidden/kernel": [5, 8],
        "encoder/norm/gamma": [8],
        "encoder/norm/moving_mean": [8],
        "step": [],
    },
    "biases": {"b": [3]},
}
for folder, shapes in SHAPES.items():
    os.makedirs(folder)
    with tf.Graph().as_default(), tf1.Session() as session:
        for seed, (name, shape) in enumerate(shapes.items()):
            tf1.get_variable(name, shape, initializer=tf1.random_normal_initializer(seed=seed))
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
"""


def _python(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.subprocess
@pytest.mark.slow
def test_new_variables_take_the_values_of_the_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    (tmp_path / "checkpoints.py").write_text(CHECKPOINTS)
    _python(tmp_path, "checkpoints.py")
    command = ["-m", "migrate", "translate", "train.py:target", "--facade", "--steps=6"]
    output = _python(tmp_path, *command, "-o", "loop.py", "--verify", "--format=json")
    found = json.loads(output)
    assert found["verdict"]["outcome"] in ("identical", "equivalent")
    assert found["left_out"] == []
    source = (tmp_path / "loop.py").read_text()
    assert 'tf.train.load_checkpoint(PARAMS["init_checkpoint"])' in source
    assert 'tf.train.load_checkpoint(PARAMS["bias_checkpoint"])' in source
    # A loop that does not take them is found out: the biases that the first checkpoint lacks are 0.
    changed = source.replace("weight.assign(reader", "str(reader")
    changed = changed.replace("self.variables[name].assign(reader", "str(reader")
    assert changed != source
    (tmp_path / "other.py").write_text(changed)
    verify = ["-m", "migrate", "verify", "train.py:target", "--facade", "--steps=2"]
    done = subprocess.run(
        [sys.executable, *verify, "--subject=other.py:Loop", "--format=json"],
        cwd=tmp_path,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert "not those that the reference reads from a checkpoint" in done.stdout


def _program(weights: tuple[str, ...], names: dict[str, str]) -> Any:
    training = SimpleNamespace(weights=weights, without_gradient=(), averages=None)
    initialized = (CheckpointFact(path="PARAMS['path']", names=names),)
    return SimpleNamespace(training=training, initialized=initialized)


WEIGHTS = ("bert/a/kernel", "bert/a/bias", "bert/b", "head/kernel")
LOOP = "        for name, weight in self.weights.items():\n"
TEST = "            if name.startswith({!r}):\n"
SCOPE = TEST + "                weight.assign(reader.get_tensor({}))"


@pytest.mark.parametrize(
    ("names", "loop"),
    [
        ({name: name for name in WEIGHTS}, "            weight.assign(reader.get_tensor(name))"),
        ({name: name for name in WEIGHTS[:3]}, SCOPE.format("bert/", "name")),
        ({name: name for name in WEIGHTS[:2]}, SCOPE.format("bert/a/", "name")),
        (
            {name: name.replace("bert", "model/encoder") for name in WEIGHTS[:3]},
            SCOPE.format("bert/", "'model/encoder/' + name.removeprefix('bert/')"),
        ),
        (
            {name: name.removeprefix("bert/") for name in WEIGHTS[:3]},
            SCOPE.format("bert/", "name.removeprefix('bert/')"),
        ),
    ],
)
def test_a_loop_over_the_weights(names: dict[str, str], loop: str) -> None:
    program = _program(WEIGHTS, names)
    assert initialization.constant_source(program) == ""
    source = initialization.method_source(program)
    assert source.endswith(LOOP + loop)
    assert "reader = tf.train.load_checkpoint(PARAMS['path'])" in source


@pytest.mark.parametrize(
    "names",
    [
        {"bert/a/kernel": "bert/a/kernel"},
        {"bert/a/kernel": "x", "bert/a/bias": "y"},
        {"bert/a/kernel": "bert/a/bias", "bert/a/bias": "bert/a/kernel"},
        {"bert/a/kernel": "bert/a/kernel", "bert/a/bias": "bert/a/bias", "bert/a/mean": "m"},
    ],
)
def test_other_names_are_written_out(names: dict[str, str]) -> None:
    program = _program(WEIGHTS, names)
    assert initialization.constant_source(program) == f"FROM_CHECKPOINT = {names!r}"
    assert "in FROM_CHECKPOINT.items():" in initialization.method_source(program)


def test_moving_averages_begin_as_their_weights() -> None:
    program = _program(WEIGHTS, {name: name for name in WEIGHTS})
    program.training.averages = object()
    assert initialization.method_source(program).endswith(
        "        for name, average in self.averages.items():\n"
        "            average.assign(self.weights[name])  # it begins as the weight does"
    )
