"""What is recorded of a graph's random ops, and fed into them."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.verifying.draws.recorder import DrawFeeder, DrawRecorder
from migrate.verifying.draws.recording import Recording


def build() -> Any:
    """Adds a loss with four random ops, and a random op that the loss does not depend on."""
    tf1.set_random_seed(1)
    tf.random.uniform([7], name="unused")
    b = tf.random.uniform([2], name="b")  # created before "a": the order is not the names'
    a = tf.random.uniform([3], 0, 5, tf.int32, name="a")
    gamma = tf.random.gamma([], 1.0, name="gamma")
    looped = tf.while_loop(
        lambda i, _: i < 2, lambda i, x: (i + 1, x + tf.random.uniform([])), (0, 0.0)
    )[1]
    return tf.reduce_sum(b) + tf.cast(tf.reduce_sum(a), tf.float32), gamma + looped


def run(hooks: Any, steps: int, with_all: bool = False) -> list[Any]:
    with tf1.Graph().as_default():
        loss, others = build()
        fetches = [loss + 0.0 * others, loss] if with_all else [loss]
        with tf1.train.SingularMonitoredSession(hooks) as session:
            return [session.run(fetches)[-1] for _ in range(steps)]


def test_the_draws_of_each_step(tmp_path: Path) -> None:
    hook = DrawRecorder(Recording(str(tmp_path)))
    losses = run([hook], 3)
    assert losses == run([], 3)  # recording changes no number
    assert hook.unrecordable == ()
    for step, loss in enumerate(losses):
        uniform, integer = hook.recording.step(step)
        assert str(uniform) == "uniform float32 [2]"
        assert str(integer) == "uniform integer int32 [3]"
        assert [int(bound) for bound in integer.parameters] == [0, 5]
        drawn = uniform.values[0].sum() + np.float32(integer.values[0].sum())
        np.testing.assert_allclose(drawn, loss, rtol=1e-6)


def test_ops_that_cannot_be_recorded(tmp_path: Path) -> None:
    hook = DrawRecorder(Recording(str(tmp_path)))
    run([hook], 1, with_all=True)
    assert [op.type for op in hook.unrecordable] == ["RandomGamma", "RandomUniform"]
    assert len(hook.recording.step(0)) == 2


def test_numbers_are_fed(tmp_path: Path) -> None:
    recorder = DrawRecorder(Recording(str(tmp_path)))
    run([recorder], 1)
    uniform, integer = recorder.recording.step(0)
    feeder = DrawFeeder([uniform.filled(0.25), integer])
    run([feeder], 1)
    assert feeder.loss == 2 * 0.25 + integer.values[0].sum()
