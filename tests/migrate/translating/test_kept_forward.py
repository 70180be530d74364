"""A program whose forward pass is kept: what is written for it, and that it computes the same."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate import Target, translation
from migrate.translation import Translation

PROGRAM = '''
import functools

import estimator_compat as estimator
import tensorflow as tf
import tensorflow.compat.v1 as tf1


def data():
    features = {"user": [1, 2, 0, 1], "price": [[1.0], [2.0], [0.5], [0.0]]}
    labels = [[1.0], [0.0], [2.0], [1.0]]
    return tf.data.Dataset.from_tensors((features, labels)).repeat()


def embedded(features, columns):
    """Adds the size of what it returns to the losses."""
    found = []
    for column in columns:
        values = tf1.feature_column.input_layer(features, [column])
        tf1.losses.add_loss(
            0.01 * tf.nn.l2_loss(values), tf1.GraphKeys.REGULARIZATION_LOSSES
        )
        found.append(values)
    return tf.concat(found, 1, name=tf1.compat.as_str(b"embedded"))


class Network:
    def __init__(self, units):
        self.units = units

    def __call__(self, inputs):
        return tf1.layers.dense(inputs, self.units, name="hidden")


def model_fn(features, labels, mode, columns, network, units=3):
    net = embedded(features, columns)
    model = network(units)
    net = model(net)
    unread = tf1.layers.dense(net, 2, name="unread")
    for size in range(2, 4):
        width = 2 * size
        net = tf1.layers.dense(net, width, name="wide_%d" % size)
    logits = tf1.layers.dense(net, 1, name="logits")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"y": logits})
    errors = tf.square(labels - logits)
    errors -= 0.5
    loss = tf.reduce_mean(errors) + tf1.losses.get_regularization_loss()
    squared = tf1.losses.mean_squared_error(labels, logits)
    metrics = {"squared": tf1.metrics.mean(squared)}
    step = tf1.train.get_global_step()
    train_op = tf1.train.GradientDescentOptimizer(0.01).minimize(loss, step)
    return estimator.EstimatorSpec(
        mode, loss=loss, train_op=train_op, eval_metric_ops=metrics
    )


user = tf.feature_column.categorical_column_with_identity("user", 3)
columns = [tf.feature_column.embedding_column(user, 2), tf.feature_column.numeric_column("price")]
bound = functools.partial(model_fn, columns=columns, network=Network)
'''


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "kept_forward_program.py").write_text(PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        program = importlib.import_module("kept_forward_program")
        yield Target(model_fn=program.bound, input_fns=program.data)
        del sys.modules["kept_forward_program"]


@pytest.fixture(scope="module")
def written(target: Target) -> Translation:
    return translation.translate(target, keep=["embedded"])


# What the source must have, and why.
PARTS = {
    "a feature column that is bound": (
        "COLUMNS = [\n"
        "    tf.feature_column.embedding_column(\n"
        '        tf.feature_column.categorical_column_with_identity("user", 3), 2\n'
        "    ),\n"
        '    tf.feature_column.numeric_column("price"),\n'
        "]\n"
    ),
    "a default": "UNITS = 3\n",
    "a name of tf.compat": "(v1=TENSORFLOW, v2=tf, as_str=tf.compat.as_str)\n",
    "a class that is bound": "NETWORK = kept_forward_program.Network\n",
    "an object whose calls stay": "model = NETWORK(UNITS)\n            net = model(net)\n",
    "a layer whose output nothing reads": 'unread = tf1.layers.dense(net, 2, name="unread")\n',
    "a name that a loop writes first": "width = 2 * size\n",
    "losses that a kept function adds": "penalty = tf1.losses.get_regularization_loss()",
    "the losses of an augmented assignment": "return errors - 0.5\n",
    "a metric of a loss": "squared = tf.reduce_mean(tf.math.squared_difference(logits, labels))\n",
}


@pytest.mark.subprocess
def test_the_source(written: Translation) -> None:
    assert written.outcome == "kept forward"
    source = written.source()
    for case, part in PARTS.items():
        assert part in source, case


@pytest.mark.slow
@pytest.mark.subprocess
def test_it_computes_the_same(target: Target, written: Translation, tmp_path: Path) -> None:
    path = tmp_path / "loop.py"
    path.write_text(written.source())
    verdict = translation.prove(target, str(path), inputs=written.inputs, steps=3)
    assert verdict.outcome.value in ("identical", "equivalent"), verdict
    assert len(verdict.compared) == len(verdict.stages)
