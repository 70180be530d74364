"""Losses on one small batch of seven examples, examined with all probes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec
from estimator_compat.ledger.values import Claim, LossLedger, LossTerm
from migrate import measured_ledger
from migrate.targets import Target

tf1 = tf.compat.v1
SIZE = 7
_random = np.random.RandomState(5)
FEATURES = {
    "x": _random.randn(SIZE, 3).astype(np.float32),
    "user": np.array([1, 1, 2, 2, 2, 3, 3], np.int32),
    "w": np.array([1, 0, 2, 0.5, 1, 3, 0.25], np.float32),
    "mask": np.array([1, 1, 0, 1, 0, 1, 1], np.float32),
}
LABELS = {
    "y": _random.randn(SIZE).astype(np.float32),
    "class": np.array([0, 1, 2, 1, 0, 2, 2], np.int32),
    "m": _random.randn(SIZE, 3).astype(np.float32),
}
KERNEL = _random.randn(3, 3).astype(np.float32)
LossFn = Callable[[Any, Any], Any]


def outputs(features: Any) -> Any:
    """The outputs of a model of fixed weights: [batch, 3]."""
    kernel = tf1.get_variable("kernel", [3, 3], initializer=tf1.constant_initializer(KERNEL))
    return tf.matmul(features["x"], kernel)


def squares(features: Any, labels: Any) -> Any:
    """The squared errors of the first output: [batch]."""
    return tf.square(outputs(features)[:, 0] - labels["y"])


def cross_entropies(features: Any, labels: Any) -> Any:
    """The cross entropies of the classes: [batch]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["class"], logits=outputs(features)
    )


def target(loss_fn: LossFn, size: int = SIZE, *, drop: bool = False) -> Target:
    """The target of a loss."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        loss = loss_fn(features, labels)
        optimizer = tf1.train.GradientDescentOptimizer(0.01)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return EstimatorSpec(mode, loss=loss, train_op=train_op)

    return Target(
        model_fn=model_fn,
        input_fns=lambda: tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).batch(size, drop),
    )


def examined(loss_fn: LossFn, size: int = SIZE, *, drop: bool = False) -> LossLedger:
    """The ledger of a loss, with claims."""
    return measured_ledger.examine(target(loss_fn, size, drop=drop), "train")


def claim(term: LossTerm, probe: str) -> Claim:
    """The claim of one probe."""
    (found,) = [each for each in term.claims if each.probe == probe]
    return found
