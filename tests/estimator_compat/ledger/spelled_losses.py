"""Losses as people spell them, each with the unreduced losses and weights that its author means.

A spelled loss is a function of features and labels that returns the loss, and a `Truth` for each
term whose average is known. The expected average of a term is `sum(w*l) / sum(w)` over the whole
set, which NumPy computes from the values of the truth's tensors.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec, ModeKeys, with_loss_summaries
from estimator_compat.ledger import reader
from estimator_compat.ledger.values import LossLedger
from estimator_compat.losses.summaries import PER_EXAMPLE_COLLECTION

tf1 = tf.compat.v1
_RANDOM = np.random.RandomState(3)
_LENGTHS = np.array([3, 5, 1, 2, 5, 4, 2, 1, 5, 3], np.int32)
BATCHES = (slice(0, 4), slice(4, 8), slice(8, 10))  # the last one is short
FEATURES = {
    "x": _RANDOM.randn(10, 3).astype(np.float32),
    "w": np.array([1, 0, 2, 0.5, 1, 3, 0, 0.25, 4, 1], np.float32),
    # An advantage, of which each batch has a negative one.
    "a": np.array([0.2, -0.3, 1, -1, 0.5, -0.7, -0.2, 1.9, 0.8, -0.5], np.float32),
    "mask": (np.arange(5) < _LENGTHS[:, np.newaxis]).astype(np.float32),
    "words": _RANDOM.randint(0, 7, [10, 5]).astype(np.int32),
    "length": _LENGTHS,
    "user": np.array([1, 1, 2, 3, 4, 4, 4, 5, 6, 6], np.int32),
}
LABELS = {
    "y": _RANDOM.randn(10).astype(np.float32),
    "class": np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 0], np.int32),
    "binary": np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 0], np.float32),
    "tasks": _RANDOM.randn(10, 4).astype(np.float32),
    "tags": _RANDOM.randint(0, 4, [10, 5]).astype(np.int32),
    "soft": _RANDOM.dirichlet([1, 1, 1], 10).astype(np.float32),
}


class Truth(NamedTuple):
    """The unreduced losses of a term and their weights; None for equal weights."""

    losses: Any
    weights: Any = None


LossFn = Callable[[Any, Any], tuple[Any, ...]]


class Spellings(dict[str, LossFn]):
    """A table to which a decorator adds rows."""

    def add(self, loss_fn: LossFn) -> LossFn:
        """Adds a spelled loss under its name."""
        self[loss_fn.__name__] = loss_fn
        return loss_fn


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What `with_loss_summaries` adds to a model_fn, with what is right.

    Attributes:
      ledger: The ledger of the loss.
      averages: The value of each average over the whole set, by its name.
      expected: The average of each truth over the whole set.
      losses: For each batch and average, the losses of its histogram, sorted.
      expected_losses: For each batch and truth, its losses, sorted.
      in_training: For each batch and average, the value of its summary in training.
      expected_in_training: For each batch and truth, its average in the batch.
    """

    ledger: LossLedger
    averages: dict[str, float]
    expected: list[float]
    losses: list[list[np.ndarray]]
    expected_losses: list[list[np.ndarray]]
    in_training: list[list[float]]
    expected_in_training: list[list[float]]


def average(pairs: list[tuple[Any, Any]]) -> float:
    """Returns `sum(w*l) / sum(w)` over several batches, 0 if `sum(w)` is 0."""
    total = sum(np.sum(np.float64(losses) * weights) for losses, weights in pairs)
    weight = sum(np.sum(np.float64(weights)) for _, weights in pairs)
    return float(total / weight) if weight else 0.0


def find(loss_fn: LossFn) -> Found:
    """Builds the model_fn of a spelled loss, and runs it on three batches."""
    truths, averages, losses, ledger = _run(loss_fn, ModeKeys.EVAL)
    _, in_training, _, _ = _run(loss_fn, ModeKeys.TRAIN)
    count = len(truths[0])
    return Found(
        ledger=ledger,
        averages=dict(averages[-1]),
        expected=[average([batch[index] for batch in truths]) for index in range(count)],
        losses=[[np.sort(one, axis=None) for one in batch] for batch in losses],
        expected_losses=[[np.sort(one, axis=None) for one, _ in batch] for batch in truths],
        in_training=[[value for _, value in batch] for batch in in_training],
        expected_in_training=[[average([one]) for one in batch] for batch in truths],
    )


def _run(loss_fn: LossFn, mode: str) -> tuple[Any, Any, Any, LossLedger]:
    """Returns the values of the truths, averages and losses for each batch, and the ledger."""
    built: list[Truth] = []

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        loss, *truths = loss_fn(features, labels)
        built.extend(truths)
        return EstimatorSpec(mode, loss=loss, train_op=tf.no_op())

    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.train.get_or_create_global_step()
        features, labels = placeholders("features", FEATURES), placeholders("labels", LABELS)
        spec = with_loss_summaries(model_fn)(features, labels, mode)
        ledger = reader.ledger(spec.loss, features, labels, mode=mode)
        full = [
            (one, tf.ones_like(one) if w is None else tf.cast(w, one.dtype) * tf.ones_like(one))
            for one, w in built
        ]
        names = [name for name in spec.eval_metric_ops if name.startswith("average_loss")]
        updates = [spec.eval_metric_ops[name][1] for name in names]
        summaries = tf1.get_collection(tf1.GraphKeys.SUMMARIES)
        scalars = [tensor for tensor in summaries if tensor.op.type == "ScalarSummary"]
        per_example = [one.losses for one in tf1.get_collection(PER_EXAMPLE_COLLECTION)]
        session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
        truths, averages, losses = [], [], []
        for batch in BATCHES:
            feed = {features[name]: value[batch] for name, value in FEATURES.items()}
            feed |= {labels[name]: value[batch] for name, value in LABELS.items()}
            values = session.run((full, updates, scalars, per_example), feed)
            truths.append(values[0])
            averages.append([*zip(names, values[1], strict=True), *map(_scalar, values[2])])
            losses.append(values[3])
    return truths, averages, losses, ledger


def _scalar(serialized: bytes) -> tuple[str, float]:
    value = tf1.Summary.FromString(serialized).value[0]
    return value.tag, value.simple_value


def placeholders(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Returns a placeholder for each array, of unknown batch size."""
    return {
        name: tf1.placeholder(array.dtype, [None, *array.shape[1:]], name=f"{prefix}_{name}")
        for name, array in arrays.items()
    }


# The parts of the models.


def kernel(name: str, shape: list[int]) -> Any:
    """Returns a variable with the same numbers in each graph."""
    values = np.asarray(np.random.RandomState(sum(map(ord, name))).randn(*shape), np.float32)
    with tf1.variable_scope(tf1.get_variable_scope(), reuse=tf1.AUTO_REUSE):
        return tf1.get_variable(name, initializer=values)


def logits(features: Any, units: int = 3, name: str = "classes") -> Any:
    return features["x"] @ kernel(name, [3, units])


def predicted(features: Any, name: str = "kernel") -> Any:
    """Returns a number for each example: [batch]."""
    return tf.squeeze(logits(features, 1, name), axis=1)


def squares(features: Any, labels: Any) -> Any:
    return tf.square(predicted(features) - labels["y"])


def cross_entropies(features: Any, labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["class"], logits=logits(features)
    )


def log_likelihoods(features: Any, labels: Any) -> Any:
    return tf.math.log_sigmoid((2 * labels["binary"] - 1) * predicted(features))


def word_losses(features: Any, labels: Any) -> Any:
    """Returns a loss for each word of a sequence: [batch, 5]."""
    states = tf.one_hot(features["words"], 7) * features["x"][:, tf.newaxis, :1]
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["tags"], logits=tf.einsum("btd,dc->btc", states, kernel("words", [7, 4]))
    )


def task_losses(features: Any, labels: Any) -> Any:
    """Returns a loss for each example and task: [batch, 4]."""
    return tf.square(logits(features, 4, "tasks") - labels["tasks"])


def count(tensor: Any) -> Any:
    """Returns the size of a tensor's first axis, in float32."""
    return tf.cast(tf.shape(tensor)[0], tf.float32)
