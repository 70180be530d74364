"""The recordings of a training, and the replay of them."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.verifying.draws.reference_draws import ReferenceDraws
from migrate.verifying.draws.subject_replay import SubjectReplay


def run(hook: Any) -> Any:
    """Runs a session that fetches gradients and, last, a loss, as the reference does."""
    with tf1.Graph().as_default():
        tf1.set_random_seed(1)
        loss = tf.reduce_sum(tf.random.uniform([2, 3]))
        fetches = ({"weight": 2.0 * loss}, loss)
        with tf1.train.SingularMonitoredSession([hook]) as session:
            return session.run(fetches)[1]


def test_what_is_recorded_is_replayed(tmp_path: Path) -> None:
    draws = ReferenceDraws(str(tmp_path))
    losses = [run(draws.training), run(draws.gradients)]
    assert losses[0] == losses[1]  # the same seed
    replay = SubjectReplay(draws.folder)
    given = [
        replay.steps(lambda: tf.random.uniform([2, 3])),
        replay.gradients(lambda: tf.random.uniform([2, 3])),
    ]
    np.testing.assert_allclose([np.sum(array) for array in given], losses, rtol=1e-6)


def test_the_loss_with_the_same_number_everywhere(tmp_path: Path) -> None:
    draws = ReferenceDraws(str(tmp_path))
    run(draws.gradients)
    feeder = draws.feeder(0.5)
    assert feeder.loss is None
    run(feeder)
    assert feeder.loss == 3.0  # 6 times 0.5
