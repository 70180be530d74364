"""Hosted optimizers without an exact equal in Keras have the same bits in every slot."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.verifying.verdict import Outcome

STEPS = 50


def _decaying(step: Any) -> Any:
    return tf1.train.exponential_decay(0.1, step, 5, 0.8)


# Each optimizer's name, how it is made from the global step, and the factor of the loss.
OPTIMIZERS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "rmsprop": (lambda step: tf1.train.RMSPropOptimizer(0.01, momentum=0.5), 1.0),
    "centered rmsprop": (lambda step: tf1.train.RMSPropOptimizer(0.01, centered=True), 1.0),
    "momentum, decaying": (lambda step: tf1.train.MomentumOptimizer(_decaying(step), 0.9), 1.0),
    "nesterov, decaying": (
        lambda step: tf1.train.MomentumOptimizer(_decaying(step), 0.9, use_nesterov=True),
        1.0,
    ),
    # Gradients near Adam's epsilon of 1e-8, where Keras's 1e-7 would change every step.
    "adam, tiny gradients": (lambda step: tf1.train.AdamOptimizer(0.01), 1e-8),
    "adadelta": (lambda step: tf1.train.AdadeltaOptimizer(1.0), 1.0),
    "ftrl": (
        lambda step: tf1.train.FtrlOptimizer(
            0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.1
        ),
        1.0,
    ),
    "adagrad": (lambda step: tf1.train.AdagradOptimizer(0.1), 1.0),
    "proximal adagrad": (lambda step: tf1.train.ProximalAdagradOptimizer(0.1), 1.0),
}
EVERY_TIME = ("rmsprop",)

_random = np.random.RandomState(0)
_X = _random.randn(40, 3).astype(np.float32)
_Y = (_X @ np.array([[1.0], [-2.0], [0.5]])).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(12).repeat()


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    make, factor = OPTIMIZERS[params["optimizer"]]
    net = tf1.layers.dense(features, 5, activation=tf.nn.tanh, name="hidden")
    outputs = tf1.layers.dense(net, 1, name="outputs")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions=outputs)
    loss = factor * tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_global_step()
    train_op = make(step).minimize(loss, step) if mode == "train" else None
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


@pytest.mark.parametrize(
    "optimizer",
    [pytest.param(one, marks=[] if one in EVERY_TIME else pytest.mark.slow) for one in OPTIMIZERS],
)
def test_it_is_exact(optimizer: str) -> None:
    target = migrate.Target(model_fn=model_fn, input_fns=input_fn, params={"optimizer": optimizer})
    verdict = migrate.verify(target, steps=STEPS, eval_steps=3, predict_steps=1)
    assert verdict.outcome is Outcome.IDENTICAL, verdict.first
    assert len(verdict.compared) == len(verdict.stages) == 8  # with the second training
    assert verdict.run_losses[-1] != verdict.run_losses[0]
