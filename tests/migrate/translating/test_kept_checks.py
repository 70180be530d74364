"""Tests for migrate.translating.kept_checks: forward passes that cannot be kept are refused."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from migrate import Target, translation
from migrate.translating.refusal import Refusal

PROGRAM = """
import collections

import estimator_compat as estimator
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras
from tensorflow_hub import Module

Towers = collections.namedtuple("Towers", ["left", "right", "join"])


def data():
    return tf.data.Dataset.from_tensors(({"x": [[1.0], [2.0]]}, [[1.0], [0.0]])).repeat()


def towers(x):
    left = tf1.layers.dense(x, 1, name="left")
    return Towers(left, tf1.layers.dense(x, 1, name="right"), tf.add)


def dense(x):
    given = tf_keras.layers.Input(tensor=x)
    return tf_keras.Model(given, tf_keras.layers.Dense(1)(given)).output


def spec(mode, logits, labels):
    loss = tf1.losses.mean_squared_error(labels, logits)
    train_op = tf1.train.GradientDescentOptimizer(0.1).minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def object_fn(features, labels, mode):
    made = towers(features["x"])
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions=made.left)
    return spec(mode, first_of(made), labels)


def first_of(made):
    return made.join(made.left, made.right)


def layer(x):
    return tf1.layers.dense(x, 1, name="layer")


def counted(x):
    seen = tf1.get_variable("seen", [], initializer=tf1.zeros_initializer(), trainable=False)
    with tf1.control_dependencies([tf1.assign_add(seen, 1.0)]):
        return tf1.layers.dense(x, 1, name="layer")


def scattered_fn(features, labels, mode):
    logits = layer(features["x"])
    centers = tf1.get_variable("centers", [2], initializer=tf1.ones_initializer(), trainable=False)
    after = []
    if mode == "train":
        after = [tf1.scatter_sub(centers, [0, 1], tf.reshape(logits, [-1]))]
    with tf1.control_dependencies(after):
        return spec(mode, logits, labels)


def counted_fn(features, labels, mode):
    return spec(mode, counted(features["x"]), labels)


def hub_fn(features, labels, mode):
    module = Module(1)
    return spec(mode, module(features["x"]), labels)


def keras_fn(features, labels, mode):
    return spec(mode, dense(features["x"]), labels)
"""


# A module of TensorFlow 1's hub is an object that makes its weights.
HUB = """
import tensorflow.compat.v1 as tf1


class Module:
    def __init__(self, units):
        self.units = units

    def __call__(self, x):
        return tf1.layers.dense(x, self.units, name="module")
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "kept_checks_program.py").write_text(PROGRAM)
    (folder / "tensorflow_hub").mkdir()
    (folder / "tensorflow_hub" / "__init__.py").write_text(HUB)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("kept_checks_program")
        del sys.modules["kept_checks_program"], sys.modules["tensorflow_hub"]


@pytest.mark.subprocess
@pytest.mark.parametrize(
    ("name", "kept", "reason"),
    [
        ("object_fn", "towers", "`made`, which is an object of Towers; expected tensors"),
        ("keras_fn", "dense", "a Keras model of the features' tensors"),
        ("scattered_fn", "layer", "assigns `centers` by an op that the kept forward pass does not"),
        ("hub_fn", "Module", "`Module` of tensorflow_hub restores its weights through a session"),
        ("counted_fn", "counted", "EVAL or PREDICT has an op that assigns `seen`"),
    ],
)
def test_what_is_kept_is_checked(program: ModuleType, name: str, kept: str, reason: str) -> None:
    target = Target(model_fn=getattr(program, name), input_fns=program.data)
    with pytest.raises(Refusal, match=reason):
        translation.translate(target, keep=[kept])
