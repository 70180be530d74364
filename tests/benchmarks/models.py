"""The models that are measured: one where the step is nearly all overhead, one where it computes.

Their input is one batch that repeats: what is measured is the training loop and not a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

CLASSES = 3


class Model(NamedTuple):
    """A classifier: dense layers of `hidden` units, then one of `CLASSES`."""

    description: str
    batch: int
    features: int
    hidden: tuple[int, ...]
    optimizer: Callable[[], Any]


MODELS = {
    "small": Model(
        "2 hidden dense layers of 16, gradient descent, batch 32: 6 variables and global_step",
        batch=32,
        features=8,
        hidden=(16, 16),
        optimizer=lambda: tf.train.GradientDescentOptimizer(0.01),
    ),
    "wide": Model(
        "2 hidden dense layers of 512, Adam with its slots, batch 128: 21 variables",
        batch=128,
        features=32,
        hidden=(512, 512),
        optimizer=lambda: tf.train.AdamOptimizer(0.001),
    ),
}


def input_fn(model: Model) -> Any:
    random = np.random.RandomState(3)
    x = random.randn(model.batch, model.features).astype(np.float32)
    labels = random.randint(0, CLASSES, model.batch)
    return tf.data.Dataset.from_tensors((x, labels)).repeat()


def _dense(x: Any, width: int, name: str) -> Any:
    # Plain variables: no layer, hence no Keras, of which each TensorFlow here has another one.
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [x.shape.as_list()[1], width])
        bias = tf.get_variable("bias", [width], initializer=tf.zeros_initializer())
    return tf.matmul(x, kernel) + bias


def build_model_fn(api: Any, model: Model, loss_summaries: Callable[..., Any] | None) -> Any:
    """Builds a model_fn for the Estimator's module `api`.

    It calls `loss_summaries`, unless that is None, as a model_fn of ours would.
    """

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        x = features
        for index, width in enumerate(model.hidden):
            x = tf.nn.relu(_dense(x, width, f"hidden{index}"))
        logits = _dense(x, CLASSES, "logits")
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.losses.compute_weighted_loss(losses)
        tf.summary.scalar("loss", loss)
        if loss_summaries is not None:
            loss_summaries(losses, mode=mode)
        train_op = model.optimizer().minimize(loss, tf.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return model_fn
