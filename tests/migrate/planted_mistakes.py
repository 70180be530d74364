"""Writes the test of a translated program, and runs it on the loop with mistakes planted in it.

    python -m tests.migrate.planted_mistakes FOLDER [MISTAKE ...]

Printed is a JSON object: the test, what it says of the loop as it was written, and which of its
functions fail for each mistake.
"""

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

import migrate
from migrate import recorded_tests, translation
from migrate.hosting import eager_mode

PROGRAM = """
import estimator_compat as estimator
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

_random = np.random.RandomState(3)
X = _random.randn(37, 4).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.float32)
W = _random.uniform(0.5, 2.0, 37).astype(np.float32)


def data():
    features = {"x": X, "weight": W}
    return tf.data.Dataset.from_tensor_slices((features, Y)).batch(8, drop_remainder=False)


def model_fn(features, labels, mode):
    training = mode == "train"
    net = tf1.layers.dense(features["x"], 5, name="hidden")
    net = tf1.layers.batch_normalization(net, momentum=0.8, training=training, name="norm")
    net = tf1.layers.dropout(tf.nn.relu(net), 0.25, training=training)
    logits = tf.squeeze(tf1.layers.dense(net, 1, name="logits"), axis=1)
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"p": tf.sigmoid(logits), "y": logits > 0})
    loss = tf1.losses.sigmoid_cross_entropy(labels, logits, weights=features["weight"])
    if mode == "eval":
        accuracy = tf1.metrics.accuracy(labels, logits > 0)
        return estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})
    step = tf1.train.get_global_step()
    rate = tf1.train.exponential_decay(0.05, step, 3, 0.5, staircase=True)
    optimizer = tf1.train.AdamOptimizer(rate, epsilon=1e-4)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, _ = tf.clip_by_global_norm(gradients, 0.5)
    with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.apply_gradients(zip(clipped, variables), step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
# Each changes one thing of the loop: old text, new text.
MISTAKES = {
    "reduction": (
        "tf.math.divide_no_nan(tf.reduce_sum(losses * weights), count)",
        "tf.reduce_mean(losses * weights)",
    ),
    "a weight dropped": ("tf.reduce_sum(losses * weights), count", "tf.reduce_sum(losses), count"),
    "epsilon": ("epsilon=0.0001", "epsilon=1e-07"),
    "schedule off by one": (
        "learning_rate(self.global_step)",
        "learning_rate(self.global_step + 1)",
    ),
    "no clipping": ("clip_norm=0.5", "clip_norm=1e9"),
    "averages that do not move": ("norm(net, training=training)", "norm(net, training=False)"),
    "batch statistics in evaluation": (
        "logits = self.model(features, training=False)",
        "logits = self.model(features, training=True)",
    ),
    "the rate of dropout": ("Dropout(0.25)", "Dropout(0.2)"),
    "a metric that goes on": (
        "        metrics = {",
        "        metrics = self.metrics = getattr(self, 'metrics', None) or {",
    ),
}


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _failures(folder: Path) -> list[str]:
    """Returns the functions of the test that fail, of the loop as it is in the folder."""
    _module("loop", folder / "loop.py")
    test = _module("test_loop", folder / "test_loop.py")
    found = []
    for name in [one for one in vars(test) if one.startswith("test_")]:
        patch = pytest.MonkeyPatch()
        if hasattr(getattr(test, name), "pytestmark"):
            inspect.unwrap(test.dropout_keeps_all)(patch)
        try:
            getattr(test, name)()
        except AssertionError:
            found.append(name)
        finally:
            patch.undo()
    return found


def main(folder: Path, names: list[str]) -> None:
    """Prints what the test finds."""
    eager_mode.keep_eager_execution()
    (folder / "program.py").write_text(PROGRAM)
    program = _module("program", folder / "program.py")
    target = migrate.Target(model_fn=program.model_fn, input_fns=program.data)
    loop = folder / "loop.py"
    text = translation.translate(target).source()
    loop.write_text(text)
    written = recorded_tests.write(
        target,
        str(loop),
        str(folder / "test_loop.py"),
        origin="`model_fn` in program.py",
        run=False,
    )
    found = {}
    for name in names:
        old, new = MISTAKES[name]
        assert old in text, old
        loop.write_text(text.replace(old, new))
        found[name] = _failures(folder)
    loop.write_text(text)
    right = _failures(folder)
    print(json.dumps({"right": right, "mistakes": found, "test": written.to_json()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(MISTAKES))
