"""The names of losses: of TensorFlow's functions, of the user's own code, and of neither."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import loss_names

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def labels() -> Any:
    return tf1.placeholder(tf.float32, [None, 3])


def ids() -> Any:
    return tf1.placeholder(tf.int32, [None])


def one_hot() -> Any:
    return tf.one_hot(ids(), 3)


def smoothed() -> Any:
    return 0.9 * one_hot() + 0.1 / 3


# From logits [batch, 3]: losses, and their name.
KNOWN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "softmax": (
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(ids(), x),
        "softmax_cross_entropy",
    ),
    "softmax of vectors": (
        lambda x: tf.nn.softmax_cross_entropy_with_logits(one_hot(), x),
        "softmax_cross_entropy",
    ),
    "sigmoid": (
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(labels=labels(), logits=x),
        "sigmoid_cross_entropy",
    ),
    "weighted sigmoid": (
        lambda x: tf.nn.weighted_cross_entropy_with_logits(labels(), x, 2.0),
        "weighted_sigmoid_cross_entropy",
    ),
    "logsumexp": (lambda x: tf.reduce_logsumexp(x, axis=1), "logsumexp"),
    "squared difference": (
        lambda x: tf.math.squared_difference(x, labels()),
        "squared_difference",
    ),
    "square": (lambda x: tf.square(x - labels()), "squared_difference"),
    "absolute": (lambda x: tf.abs(x - labels()), "absolute_difference"),
    "renamed": (lambda x: tf.identity(tf.abs(x - labels())), "absolute_difference"),
    "picked": (lambda x: tf.gather(tf.abs(x - labels()), ids()), "absolute_difference"),
    "cross-entropy": (
        lambda x: -tf.reduce_sum(one_hot() * tf.nn.log_softmax(x), 1),
        "cross_entropy",
    ),
    "negated inside": (
        lambda x: tf.reduce_sum(-tf.nn.log_softmax(x) * one_hot(), 1),
        "cross_entropy",
    ),
    "smoothed": (
        lambda x: -tf.reduce_sum(smoothed() * tf.nn.log_softmax(x), 1),
        "cross_entropy",
    ),
    "likelihood": (
        lambda x: tf.reduce_sum(one_hot() * tf.math.log(tf.nn.softmax(x)), 1),
        "log_likelihood",
    ),
    "negated twice": (
        lambda x: -tf.reduce_sum(one_hot() * -tf.nn.log_softmax(x), 1),
        "log_likelihood",
    ),
}


@pytest.mark.parametrize(("make", "name"), KNOWN.values(), ids=KNOWN)
def test_known_losses(make: Callable[[Any], Any], name: str) -> None:
    losses = make(tf1.placeholder(tf.float32, [None, 3]))
    assert loss_names.known_loss(losses) == name
    assert loss_names.loss_name(losses) == name


UNKNOWN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "input": (tf.identity, "placeholder"),
    "square of no difference": (tf.square, "square"),
    "two words": (lambda x: tf.nn.bias_add(x, [1.0, 2.0, 3.0]), "bias_add"),
    "no labels": (lambda x: tf.exp(x) * tf.nn.log_softmax(x), "mul"),
}


@pytest.mark.parametrize(("make", "name"), UNKNOWN.values(), ids=UNKNOWN)
def test_other_losses_are_named_after_their_op(make: Callable[[Any], Any], name: str) -> None:
    losses = make(tf1.placeholder(tf.float32, [None, 3]))
    assert loss_names.known_loss(losses) is None
    assert loss_names.loss_name(losses) == name


def test_a_cross_entropy_is_labels_times_logarithms() -> None:
    p = tf.nn.softmax(tf1.placeholder(tf.float32, [None, 3]))
    assert loss_names.is_cross_entropy((labels() * tf.math.log(p)).op)
    assert loss_names.is_cross_entropy((tf.math.log(p) * labels()).op)
    assert not loss_names.is_cross_entropy((labels() * p).op)
    assert not loss_names.is_cross_entropy((tf.nn.relu(labels()) * tf.math.log(p)).op)
    assert not loss_names.is_cross_entropy((labels() + tf.math.log(p)).op)


def test_a_feature_is_no_label_and_neither_is_a_number() -> None:
    w, p = labels(), tf.nn.softmax(tf1.placeholder(tf.float32, [None, 3]))
    product = w * tf.math.log(p)
    assert loss_names.known_loss(product) == "log_likelihood"
    assert loss_names.known_loss(product, {w.name}) is None
    assert loss_names.known_loss(0.5 * tf.math.log(p)) is None


# Losses and a factor from labels [batch, 3] and logits x, and whether they are of a cross-entropy.
PRODUCTS: dict[str, tuple[Callable[[Any, Any], Any], bool]] = {
    "log-probabilities": (lambda y, x: (tf.nn.log_softmax(x), y), True),
    "negated": (lambda y, x: (-tf.math.log(tf.sigmoid(x) + 1e-6), y), True),
    "one-hot": (lambda y, x: (tf.math.log_sigmoid(x), tf.one_hot(tf.argmax(y, 1), 3)), True),
    "teacher": (lambda y, x: (tf.nn.log_softmax(x), tf.stop_gradient(tf.nn.softmax(y))), True),
    "divergence": (
        lambda y, x: (tf.math.log(y) - tf.nn.log_softmax(x), tf.nn.softmax(y)),
        True,
    ),
    "softplus by hand": (lambda y, x: (tf.math.log(1 + tf.exp(-x)), tf.nn.softmax(y)), False),
    "squares": (lambda y, x: (tf.square(x), tf.nn.softmax(y)), False),
    "mask": (lambda y, x: (tf.nn.log_softmax(x), tf.cast(y > 0, tf.float32)), False),
}


@pytest.mark.parametrize(("make", "expected"), PRODUCTS.values(), ids=PRODUCTS)
def test_labels_times_logarithms(make: Callable[[Any, Any], Any], expected: bool) -> None:
    losses, factor = make(labels(), tf1.placeholder(tf.float32, [None, 3]))
    assert loss_names.is_label_times_log(losses, factor, is_declared=False) is expected
