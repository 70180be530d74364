"""Tests for migrate.translating.model_reading: what it writes, and the layers that it refuses."""

import importlib.util
from pathlib import Path

import pytest

import migrate
from migrate import translation
from migrate.translating.refusal import Refusal

PROGRAM = """
import estimator_compat as estimator
import tensorflow as tf
import tensorflow.compat.v1 as tf1

def data():
    x, y = [[1.0], [2.0], [3.0]], [[1.0], [0.0], [1.0]]
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(2).repeat()

STATE = {{"scale": 1.0}}

class Net:
    def __init__(self, units):
        super().__init__()
        self.shift = 2.0
        self.dense = tf1.layers.Dense(units)
    def __call__(self, x):
        return self.dense(x)

def scaled(x, activation):
    with tf1.variable_scope("scaled", reuse=tf1.AUTO_REUSE):
        return tf1.layers.dense(x, 2, activation=activation, name="shared")

def model_fn(features, labels, mode):
    net = features
{body}
    outputs = tf1.layers.dense(net, 1, name="outputs")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={{"y": outputs}})
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_global_step()
    train_op = tf1.train.GradientDescentOptimizer(0.01).minimize(loss, step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def _translated(folder: Path, *body: str) -> translation.Translation:
    path = folder / "program.py"
    path.write_text(PROGRAM.format(body="\n".join(f"    {line}" for line in body)))
    spec = importlib.util.spec_from_file_location("program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target = migrate.Target(model_fn=module.model_fn, input_fns=module.data)
    return translation.translate(target)


def _written(folder: Path, *body: str) -> str:
    return _translated(folder, *body).source()


# What the source of the model must have, and what it must not.
WRITTEN = {
    "a layer used twice is one attribute": (
        ["net = scaled(net, tf.nn.relu) + scaled(2.0 * net, tf.nn.relu)"],
        ["self.shared = keras.layers.Dense(2, activation=tf.nn.relu)", "self.shared("],
        ["shared_1"],
    ),
    "the initializer of a scope": (
        [
            "with tf1.variable_scope('s', initializer=tf1.ones_initializer()):",
            "    net = net * tf1.get_variable('w', [1])",
        ],
        ['self.w = self.add_weight(shape=[1], initializer="ones")', "net = features * self.w"],
        ["variable_scope"],
    ),
    "each weight has an initializer of its own": (
        [
            "init = tf1.random_normal_initializer(stddev=0.5)",
            "net = net * tf1.get_variable('a', [1], initializer=init)",
            "net = net * tf1.get_variable('b', [1], initializer=init)",
        ],
        [
            "return keras.initializers.RandomNormal(stddev=0.5)",
            "self.a = self.add_weight(shape=[1], initializer=init())",
            "self.b = self.add_weight(shape=[1], initializer=init())",
        ],
        [],
    ),
    "dropout with a probability for each mode": (
        ["net = tf1.nn.dropout(net, keep_prob=0.75 if mode == 'train' else 1.0)"],
        ["keras.layers.Dropout(0.25)", "self.dropout(features, training=training)"],
        [],
    ),
    "dropout in all modes": (
        ["net = tf1.nn.dropout(net, keep_prob=0.75)"],
        ["self.dropout(features, training=True)"],
        [],
    ),
    "dropout that never drops": (
        ["net = tf1.layers.dropout(net, 0.5)"],
        ["self.dropout(features, training=False)"],
        [],
    ),
    "a layer object": (
        ["layer = tf1.layers.Dense(3, use_bias=False)", "net = layer(net) + layer(2 * net)"],
        ["self.dense = keras.layers.Dense(3, use_bias=False)", "self.dense(2 * features)"],
        ["dense_1", " layer ="],
    ),
    "a lambda, and a function of the model_fn": (
        [
            "def swish(x):",
            "    return x * tf1.sigmoid(x)",
            "net = tf1.layers.dense(net, 2, activation=lambda x: tf1.to_float(x) * 2.0)",
            "net = tf1.layers.dense(net, 2, activation=swish)",
        ],
        [
            "activation=lambda x: tf.cast(x, tf.float32) * 2.0",
            "activation=swish)",
            "def swish(x):\n    return x * tf.sigmoid(x)",
        ],
        [],
    ),
    "rows that a vector chooses": (
        ["net = tf1.where(net[:, 0] > 1.5, net, -net)"],
        ["tf.where((features[:, 0] > 1.5)[:, tf.newaxis], features, -features)"],
        [],
    ),
    "a list that a loop fills": (
        [
            "nets = []",
            "for size in (2, 3):",
            "    w = tf1.get_variable('w%d' % size, [1, size])",
            "    nets.append(tf1.matmul(net, w))",
            "net = tf1.concat(nets, 1)",
        ],
        ["nets.append(", "net = tf.concat(nets, 1)"],
        [],
    ),
    "both directions of an RNN": (
        [
            "cells = [tf1.nn.rnn_cell.GRUCell(2) for _ in range(2)]",
            "outputs, (_, last) = tf1.nn.bidirectional_dynamic_rnn(",
            "    cells[0], cells[1], net[:, None], dtype=tf.float32)",
            "net = last",
        ],
        [
            "self.bidirectional_rnn_bw = keras.layers.RNN(\n            GRUCell(2), ",
            "self.bidirectional_rnn_bw(tf.reverse(features[:, None], axis=[1]))",
        ],
        ["mask"],
    ),
    "an object that makes layers": (
        ["model = Net(3)", "net = model(net) + model.shift"],
        ["self.dense = keras.layers.Dense(3)", "net = self.dense(features) + shift"],
        ["Net"],
    ),
    "a train_op that is prepared in a loop": (
        ["for index in range(2):", "    if index == 0:", "        continue"],
        ["self.outputs_layer(features)"],
        ["continue"],
    ),
    "layers whose outputs nothing reads": (
        [
            "unread = tf1.layers.dense(net, 2, name='aside')",
            "tf1.layers.dense(net, 3, name='more')",
        ],
        ["\n        self.aside(features)\n", "\n        self.more(features)\n"],
        ["unread", "Not carried over"],
    ),
    "a layer with the name of a keyword": (
        ["net = tf1.layers.dense(net, 2, name='class')"],
        ["self.class_layer = keras.layers.Dense(2)"],
        [],
    ),
    "weights of several shapes in a loop": (
        [
            "for i in range(2):",
            "    kernel = tf1.get_variable('kernel_%d' % i, [net.shape[1], 4])",
            "    net = tf.matmul(net, kernel)",
        ],
        ["self.add_weight(shape=[[1, 4], [4, 4]][i]) for i in range(2)"],
        [],
    ),
    "a layer of a loop and a variable of one name": (
        [
            "hidden = net * 2.0",
            "for i in range(2):",
            "    net = tf1.layers.dense(net, 3, name='hidden_%d' % i)",
            "net = tf.concat([net, hidden], 1)",
        ],
        ["for hidden_layer in self.hidden_layers:", "net = tf.concat([net, hidden], 1)"],
        [],
    ),
    "layers in a loop": (
        ["for size in (2, 3):", "    net = tf1.layers.dense(net, size)"],
        ["[keras.layers.Dense(size) for size in (2, 3)]", "for dense in self.dense_layers:"],
        [],
    ),
}


@pytest.mark.subprocess
@pytest.mark.parametrize("case", WRITTEN)
def test_layers_are_written(case: str, tmp_path: Path) -> None:
    body, present, absent = WRITTEN[case]
    source = _written(tmp_path, *body)
    for text in present:
        assert text in source
    for text in absent:
        assert text not in source


REFUSED = {
    "one variable, two layers": (
        ["net = scaled(net, tf.nn.relu) + scaled(net, None)"],
        "program.py:22: this layer shares its variables with a layer that computes something else",
    ),
    "moving averages that never move": (
        ["net = tf1.layers.batch_normalization(net, training=mode == 'train')"],
        "never moves, because the train_op does not depend on UPDATE_OPS",
    ),
    "a function that TF2 lacks": (
        ["net = tf1.clip_by_average_norm(net, 1.0)"],
        "program.py:26: `tf.clip_by_average_norm` has no form in TF2 that is translated",
    ),
    "variables in a loop of the graph": (
        ["net = tf.map_fn(lambda x: tf1.layers.dense(x[None], 1)[0], net)"],
        "program.py:26: `tf.map_fn` makes the variable",
    ),
    "a tensor as training": (
        ["net = tf1.layers.dropout(net, training=tf.constant(True))"],
        "program.py:26: `training` is a tensor; pass `mode == ModeKeys.TRAIN`",
    ),
    "an initial state": (
        [
            "cell = tf1.nn.rnn_cell.GRUCell(1)",
            "_, net = tf1.nn.dynamic_rnn(cell, net[:, None], initial_state=net)",
        ],
        "program.py:27: an `initial_state` other than `cell.zero_state` is not translated",
    ),
    "state of the module that changes": (
        ["STATE['scale'] *= 2.0", "net = net * STATE['scale']"],
        "program.py:26: this line changes `STATE`, which is not the function's own",
    ),
    "a replaced gradient": (
        [
            "with tf1.get_default_graph().gradient_override_map({'Identity': 'Relu'}):",
            "    net = tf.identity(tf1.layers.dense(net, 2))",
        ],
        "program.py:27: `gradient_override_map` replaces the gradient of Identity (Relu)",
    ),
    "a custom getter": (
        [
            "def doubled(getter, *args, **kwargs):",
            "    return 2.0 * getter(*args, **kwargs)",
            "with tf1.variable_scope('s', custom_getter=doubled):",
            "    net = net * tf1.get_variable('w', [1])",
        ],
        "program.py:29: a custom getter that returns something else than the moving averages",
    ),
    "a cell with peepholes": (
        [
            "cell = tf1.nn.rnn_cell.LSTMCell(1, use_peepholes=True)",
            "net, _ = tf1.nn.dynamic_rnn(cell, net[:, None], dtype=tf.float32)",
            "net = net[:, 0]",
        ],
        "program.py:26: `use_peepholes` of LSTMCell is not translated",
    ),
    "a batch normalization that trains in evaluation": (
        ["net = tf1.layers.batch_normalization(net, training=True)"],
        "program.py:26: this batch normalization has `training` true outside of TRAIN",
    ),
    "keywords by a dict": (
        ["given = {'use_bias': False}", "net = tf1.layers.dense(net, 1, **given)"],
        "program.py:27: `tf1.layers.dense` is called with `**`; pass its arguments one by one",
    ),
    "lambdas that a loop collects": (
        [
            "def layer(x):",
            "    return tf1.layers.dense(x, 1)",
            "fns = []",
            "for i in range(2):",
            "    net = layer(net)",
            "    fns.append(lambda x: x * i)",
            "net = fns[0](net)",
        ],
        "program.py:31: a lambda that the loop collects reads `i`",
    ),
}


# Of these, the forward pass is kept as it is; the rest can be written.
KEPT = (
    "variables in a loop of the graph",
    "a tensor as training",
    "an initial state",
    "a cell with peepholes",
)


@pytest.mark.subprocess
@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_equal_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    body, expected = REFUSED[case]
    try:
        translated = _translated(tmp_path, *body)
        outcome, because = translated.outcome, translated.because
    except Refusal as refusal:
        outcome, because = "refused", str(refusal)
    assert outcome == ("kept forward" if case in KEPT else "refused")
    assert expected in because
