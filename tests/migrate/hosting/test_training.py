"""A hosted training ends, logs and fails at the steps of the Estimator's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from tests.models import global_step_read
from tests.models.hosted_programs import Losses


def counting_by_two(features: Any, labels: Any, mode: str) -> Any:
    outputs = tf1.layers.dense(features, 1, kernel_initializer=tf1.ones_initializer())
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_or_create_global_step()
    optimizer = tf1.train.GradientDescentOptimizer(0.01)
    gradients = optimizer.compute_gradients(loss)
    with global_step_read.first():
        applied = optimizer.apply_gradients(gradients, step)
    with tf.control_dependencies([applied]):
        return estimator.EstimatorSpec(mode, loss=loss, train_op=tf.group(step.assign_add(1)))


def numbers() -> tf.data.Dataset:
    x = np.arange(6, dtype=np.float32).reshape(6, 1)
    return tf.data.Dataset.from_tensor_slices((x, 2 * x)).batch(2).repeat()


@pytest.mark.parametrize("steps_per_loop", [1, 5])
def test_a_training_whose_steps_count_twice(tmp_path: Path, steps_per_loop: int) -> None:
    """Estimator 2.15.1 made 6 steps for steps=10, to 12, and 5 for max_steps=20, to 22."""

    def config(side: str) -> Any:
        return estimator.RunConfig(str(tmp_path / side), tf_random_seed=1, save_checkpoints_steps=4)

    run = estimator.Estimator(counting_by_two, config=config("run"))
    loop = host(counting_by_two, input_fn=numbers, config=config("host"), loss_summaries=False)
    limits: list[tuple[Any, int, int]] = [({"steps": 10}, 6, 12), ({"max_steps": 20}, 5, 22)]
    for limit, count, last in limits:
        recorded = Losses()
        run.train(numbers, hooks=[recorded], **limit)
        losses = loop.train(steps_per_loop=steps_per_loop, **limit)
        assert losses.tolist() == recorded.losses
        assert (len(losses), loop.global_step) == (count, last)
    saved = [
        sorted(int(path.stem.partition("-")[2]) for path in (tmp_path / side).glob("*.index"))
        for side in ("run", "host")
    ]
    assert saved[0] == saved[1]


def test_max_steps_counts_from_the_first_step() -> None:
    loop = host(counting_by_two, input_fn=numbers, loss_summaries=False)
    with pytest.raises(ValueError, match=r"`steps` \(1\) and `max_steps` \(2\) are both given; ex"):
        loop.train(steps=1, max_steps=2)
    with pytest.raises(ValueError, match=r"`max_steps` \(0\) must be a positive integer"):
        loop.train(max_steps=0)
    assert len(loop.train(max_steps=4)) == 3  # the global step is 2, 4, 6
    assert loop.train(max_steps=5).tolist() == []


def diverging(features: Any, labels: Any, mode: str) -> Any:
    """Its loss is NaN at the steps 6 and 7 of each 8; the weight counts the steps."""
    weight = tf1.get_variable("weight", [], initializer=tf1.zeros_initializer())
    loss = tf.reduce_mean(features) + 0 * weight
    tf1.summary.scalar("weight", weight)
    step = tf1.train.get_global_step()
    with global_step_read.first():
        train_op = tf.group(step.assign_add(1), weight.assign_add(1.0))
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def with_nans() -> tf.data.Dataset:
    values = np.array([1, 2, 3, 4, 5, np.nan, np.nan, 8], np.float32)
    return tf.data.Dataset.from_tensor_slices(values).batch(1).repeat()


@pytest.mark.parametrize("steps_per_loop", [1, 3, 100])
def test_training_ends_at_the_first_nan(
    tmp_path: Path, steps_per_loop: int, caplog: pytest.LogCaptureFixture
) -> None:
    def config(side: str) -> Any:
        return estimator.RunConfig(
            str(tmp_path / side),
            save_summary_steps=5,
            save_checkpoints_steps=4,
            log_step_count_steps=5,
        )

    def files(side: str) -> tuple[list[int], list[tuple[int, str]]]:
        saved = [int(path.stem.partition("-")[2]) for path in (tmp_path / side).glob("*.index")]
        events = [
            (event.step, value.tag)
            for path in (tmp_path / side).glob("events*")
            for event in tf1.train.summary_iterator(str(path))
            for value in event.summary.value
        ]
        return sorted(saved), sorted(events)

    loop = host(diverging, input_fn=with_nans, config=config("host"), loss_summaries=False)
    run = estimator.Estimator(diverging, config=config("run"))
    trainings = {"host": lambda: loop.train(steps=20, steps_per_loop=steps_per_loop)}
    trainings["run"] = lambda: run.train(with_nans, steps=20)
    logs = {}
    for side, train in trainings.items():
        caplog.clear()
        raises = pytest.raises(tf1.train.NanLossDuringTrainingError)
        with caplog.at_level("INFO", logger="tensorflow"), raises:
            train()
        messages = [record.getMessage() for record in caplog.records]
        # An Estimator reads the step of this line beside its increment.
        lines = [text for text in messages if text.startswith("loss =")]
        logs[side] = [text.partition(", step")[0] for text in lines]
        assert messages.count("Model diverged with loss = NaN.") == 1
    tf1.summary.FileWriterCache.clear()  # an error leaves the Estimator's events unwritten
    assert logs["host"] == logs["run"] == ["loss = 1.0"]
    assert loop.global_step == 6
    assert float(loop.variables["weight"]) == 6.0
    assert files("host") == files("run")
    assert files("host")[0] == [0, 4]
