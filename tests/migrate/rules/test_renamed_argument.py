"""The rows of renamed arguments, against the functions of the installed TensorFlow."""

import inspect
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.rules.renamed_argument import RENAMED

ROWS = [(name, old, new) for name, row in RENAMED.items() for old, new in row.items()]


def function(root: Any, name: str) -> Any:
    for part in name.split("."):
        root = getattr(root, part)
    return root


@pytest.mark.parametrize(("name", "old", "new"), ROWS)
def test_only_the_first_api_has_the_old_name(name: str, old: str, new: str) -> None:
    first = inspect.signature(function(tf1, name)).parameters
    second = inspect.signature(function(tf, name)).parameters
    assert {old, new} <= first.keys()
    assert new in second
    assert old not in second


X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
IMAGE = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
FILTER = np.ones((2, 2, 2, 3), np.float32)
TRANSPOSED = np.ones((2, 2, 5, 2), np.float32)
SAME = {"strides": 1, "padding": "SAME"}
# The other arguments of a call, and the value of the one that was renamed.
CALLS: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {
    ("argmax", "dimension"): ({"input": X}, 1),
    ("argmin", "dimension"): ({"input": X}, 1),
    ("expand_dims", "dim"): ({"input": X}, 1),
    ("nn.softmax", "dim"): ({"logits": X}, 1),
    ("nn.log_softmax", "dim"): ({"logits": X}, 1),
    ("nn.moments", "keep_dims"): ({"x": X, "axes": [0]}, True),
    ("nn.weighted_moments", "keep_dims"): (
        {"x": X, "axes": [0], "frequency_weights": np.ones_like(X)},
        True,
    ),
    ("norm", "keep_dims"): ({"tensor": X}, True),
    ("squeeze", "squeeze_dims"): ({"input": X[:, :1]}, [1]),
    ("nn.conv2d", "filter"): ({"input": IMAGE, **SAME}, FILTER),
    ("nn.convolution", "filter"): ({"input": IMAGE, "padding": "SAME"}, FILTER),
    ("nn.max_pool", "value"): ({"ksize": 2, **SAME}, IMAGE),
    ("nn.avg_pool", "value"): ({"ksize": 2, **SAME}, IMAGE),
    ("reverse_sequence", "seq_dim"): ({"input": X, "seq_lengths": [1, 2], "batch_axis": 0}, 1),
    ("reverse_sequence", "batch_dim"): ({"input": X, "seq_lengths": [1, 2], "seq_axis": 1}, 0),
    ("math.count_nonzero", "reduction_indices"): ({"input": X}, [1]),
    ("math.count_nonzero", "keep_dims"): ({"input": X}, True),
    ("reduce_sum", "reduction_indices"): ({"input_tensor": X}, [1]),
    ("reduce_sum", "keep_dims"): ({"input_tensor": X}, True),
    ("reduce_logsumexp", "reduction_indices"): ({"input_tensor": X}, [1]),
    ("cond", "fn1"): ({"pred": np.array(True), "false_fn": lambda: X}, lambda: X + 1),
    ("cond", "fn2"): ({"pred": np.array(False), "true_fn": lambda: X}, lambda: X + 1),
    ("strings.reduce_join", "reduction_indices"): ({"inputs": [["a", "b"]]}, 1),
    ("strings.reduce_join", "keep_dims"): ({"inputs": [["a", "b"]], "axis": 1}, True),
    ("nn.conv2d_transpose", "filter"): (
        {"input": IMAGE, "output_shape": [1, 4, 4, 5], **SAME},
        TRANSPOSED,
    ),
    ("nn.conv2d_transpose", "value"): (
        {"filters": TRANSPOSED, "output_shape": [1, 4, 4, 5], **SAME},
        IMAGE,
    ),
}


@pytest.mark.parametrize(("name", "old"), CALLS)
def test_both_compute_the_same(name: str, old: str) -> None:
    others, value = CALLS[name, old]
    with tf.Graph().as_default():
        first = tf.nest.flatten(function(tf1, name)(**others, **{old: value}))
        second = tf.nest.flatten(function(tf, name)(**others, **{RENAMED[name][old]: value}))
        with tf1.Session() as session:
            for one, other in zip(*session.run([first, second]), strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("keep_prob", [0.9, 0.3])
def test_dropout_keeps_the_same_elements(keep_prob: float) -> None:
    with tf.Graph().as_default():
        first = tf1.nn.dropout(X, keep_prob=keep_prob, seed=1)
        second = tf.nn.dropout(X, rate=1 - keep_prob, seed=1)
        with tf1.Session() as session:
            one, other = session.run([first, second])
    assert np.count_nonzero(one) not in (0, X.size)
    np.testing.assert_array_equal(one, other)
