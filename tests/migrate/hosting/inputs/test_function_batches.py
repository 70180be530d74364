"""Iterators that a hook initializes, with values that only the hook has."""

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from tests.models.hosted_programs import Losses

X = np.float32(np.arange(12).reshape(12, 1)) / 10


class Initializing(tf1.train.SessionRunHook):
    """As in many programs: the input_fn says what to run when there is a session."""

    def __init__(self) -> None:
        self.initialize: Callable[[Any], Any] = lambda _: None

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.initialize(session)


def inputs() -> tuple[Callable[[], Any], Initializing]:
    hook = Initializing()

    def input_fn() -> Any:
        given = tf1.placeholder(tf.float32, [None, 1])
        dataset = tf.data.Dataset.from_tensor_slices(given).shuffle(12).batch(4).repeat(2)
        iterator = tf1.data.make_initializable_iterator(dataset)
        hook.initialize = lambda session: session.run(iterator.initializer, {given: X})
        x = iterator.get_next()
        return x, 2 * x

    return input_fn, hook


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    outputs = tf1.layers.dense(features, 1)
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def test_a_hook_initializes_the_iterator() -> None:
    def config() -> Any:
        return estimator.RunConfig(model_dir=tempfile.mkdtemp(), tf_random_seed=7)

    run = estimator.Estimator(model_fn, config=config())
    input_fn, hook = inputs()
    loop = host(model_fn, input_fn=input_fn, config=config(), loss_summaries=False)
    for _ in range(2):
        recorded = Losses()
        run.train(input_fn, hooks=[hook, recorded])
        losses = loop.train(hooks=[hook])
        assert losses.tolist() == recorded.losses
        assert len(losses) == 6
