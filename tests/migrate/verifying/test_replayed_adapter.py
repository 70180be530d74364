"""The calls to a loop of one's own, and the draws that they get."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying import subjects
from migrate.verifying.batches import Batches
from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.recording import Recording
from migrate.verifying.draws.subject_replay import SubjectReplay
from migrate.verifying.replayed_adapter import ReplayedAdapter


class Drawing:
    """A loop whose losses, gradients, metrics and predictions are the numbers that it draws."""

    def __init__(self) -> None:
        self.variables: Mapping[str, Any] = {"w": tf.Variable(0.0)}

    @tf.function
    def draw(self) -> Any:
        return tf.random.uniform([1])[0]

    def train_step(self, features: Any, labels: Any) -> Any:
        return self.draw()

    def gradients(self, features: Any, labels: Any) -> Any:
        return {"w": self.draw()}

    def evaluate(self, dataset: Any) -> Any:
        return {"drawn": float(self.draw())}

    def predict(self, dataset: Any) -> Any:
        for _ in dataset:
            yield self.draw()


BATCHES = Batches(values=[np.zeros([1], np.float32)] * 3, spec=tf.TensorSpec([1], tf.float32))


@pytest.fixture
def adapter(tmp_path: Path) -> ReplayedAdapter:
    for name, numbers in (("training", (0.25, 0.5, 0.75)), ("gradients", (0.125,))):
        recording = Recording(str(tmp_path / name))
        for number in numbers:
            values = (np.array([number], np.float32),)
            recording.append([Draw(kind=kinds.UNIFORM, values=values)])
    return ReplayedAdapter(subjects.adapt(Drawing()), SubjectReplay(str(tmp_path)))


def test_training_gets_the_recorded_numbers(adapter: ReplayedAdapter) -> None:
    gradients = adapter.gradients(BATCHES.values[0])
    assert gradients is not None
    assert float(gradients["w"]) == 0.125
    first = adapter.step(BATCHES.values[0])
    losses = adapter.steps(BATCHES, {}, first, lambda line: None)
    assert [float(loss) for loss in losses] == [0.25, 0.5, 0.75]


def test_the_loop_draws_for_itself_elsewhere(adapter: ReplayedAdapter) -> None:
    metrics = adapter.evaluate(BATCHES)
    predictions = adapter.predict(BATCHES, 2)
    assert metrics is not None
    assert predictions is not None
    drawn = [float(metrics["drawn"]), *map(float, predictions)]
    assert len({*drawn, 0.125, 0.25, 0.5, 0.75}) == 7
    # The function was traced there; in training it gets the recorded numbers all the same.
    assert float(adapter.step(BATCHES.values[0])) == 0.25


def test_the_name_is_the_loops(adapter: ReplayedAdapter) -> None:
    assert adapter.name == "Drawing"
