"""`KMeans`: its messages, and the arithmetic of a training step."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.canned import kmeans_graph
from estimator_compat.canned.kmeans import KMeansClustering
from estimator_compat.canned.kmeans_centers import FirstCenters
from estimator_compat.canned.kmeans_graph import Settings

tf1 = tf.compat.v1
# Two points near (0, 0), two near (4, 0).
POINTS = np.array([[0.0, 1.0], [0.0, -1.0], [4.0, 2.0], [4.0, 0.0]], np.float32)


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"initial_clusters": "best"}, "Unsupported initialization algorithm 'best'; expected"),
        ({"initial_clusters": "kmc2"}, "Unsupported initialization algorithm 'kmc2'; expected"),
        ({"distance_metric": "taxi"}, "Unsupported distance metric 'taxi'; expected one of"),
    ],
)
def test_unknown_names(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KMeansClustering(2, **given)


def _trained(first: Any, *, steps: int, mini: bool, batches: Any = POINTS) -> dict[str, Any]:
    """Returns the centers before and after training steps."""
    centers = FirstCenters(initial_clusters=first, cosine=False, seed=1, retries=2)
    settings = Settings(first=centers, use_mini_batch=mini, steps_per_iteration=1)
    graph = kmeans_graph.build(tf.constant(batches), 2, settings)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        runs = 0
        while not session.run(graph.is_initialized):
            session.run(graph.init_op)
            runs += 1
        [variable] = [one for one in tf1.global_variables() if one.op.name == "clusters"]
        before = session.run(variable).tolist()
        losses = session.run(graph.losses).tolist()
        for _ in range(steps):
            session.run(graph.train_op)
        after = session.run(variable)
    return {"before": before, "after": after, "losses": losses, "runs": runs}


def test_a_full_batch_moves_centers_to_the_mean_of_their_points() -> None:
    found = _trained(tf.constant([[1.0, 0.0], [3.0, 0.0]]), steps=1, mini=False)
    assert found["losses"] == [2.0, 2.0, 5.0, 1.0]  # squared: 1 + 1, 1 + 1, 1 + 4, 1 + 0
    # The mean of the first two points and of the last two, with 1e-6 added to the count of two.
    assert found["after"] == pytest.approx(np.array([[0, 0], [8, 2]]) / 2.000001, abs=1e-6)


def test_a_mini_batch_moves_centers_by_the_number_of_points_so_far() -> None:
    found = _trained(tf.constant([[1.0, 0.0], [3.0, 0.0]]), steps=1, mini=True)
    # Each center counts as one point. Two more points count twice, as in the original's runs:
    # 1 + (0 + 0 - 2 * 1) / 5, and 3 + (4 + 4 - 2 * 3) / 5, 0 + (2 + 0 - 2 * 0) / 5.
    assert found["after"] == pytest.approx(np.array([[0.6, 0.0], [3.4, 0.4]]), rel=1e-6)


def test_a_function_chooses_the_missing_centers() -> None:
    asked = []

    def one_of(batches: Any, missing: Any) -> Any:
        asked.append(len(batches))
        return batches[0][:1] + tf.cast(missing, tf.float32)

    found = _trained(one_of, steps=0, mini=True)
    assert asked == [1]
    # The first call is asked for two centers, the second for one.
    assert (found["before"], found["runs"]) == ([[2.0, 3.0], [1.0, 2.0]], 2)


@pytest.mark.parametrize("way", ["random", "kmeans_plus_plus"])
def test_centers_are_points(way: str) -> None:
    before = _trained(way, steps=0, mini=True)["before"]
    assert len(before) == 2
    assert all(center in POINTS.tolist() for center in before)


def test_a_batch_with_too_few_points() -> None:
    found = _trained("random", steps=0, mini=True, batches=POINTS[:1])
    assert found["before"] == [[0.0, 1.0], [0.0, 1.0]]  # each batch has the same point
    with pytest.raises(tf.errors.InvalidArgumentError):
        _trained("kmeans_plus_plus", steps=0, mini=True, batches=POINTS[:1])


def test_the_nearest_neighbor_of_an_op_that_no_setting_uses() -> None:
    # KMC2ChainInitialization works on this TensorFlow, too; no argument of the original used it.
    distances = tf.constant([0.0, 0.0, 5.0])
    index = tf.raw_ops.KMC2ChainInitialization(distances=distances, seed=tf.constant(1, tf.int64))
    with tf1.Session() as session:
        assert session.run(index) in range(3)
