"""`train_steps` of a loop is held to its `train_step`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying import train_steps_stage
from migrate.verifying.batches import Batches
from migrate.verifying.subjects import SubjectAdapter
from migrate.verifying.verdict import Outcome, Stage, Tolerances

INITIAL = {"weight": np.float32(1.0), "step": np.int64(0)}
BATCHES = Batches(
    values=[np.array([n, n + 1], np.float32) for n in range(12)],
    spec=tf.TensorSpec([None], tf.float32),
)


class Loop:
    """Trains one weight. The loss is the weight times the mean of the features."""

    def __init__(self) -> None:
        self.weight = tf.Variable(1.0)
        self.count = tf.Variable(0, dtype=tf.int64)
        self.variables = {"weight": self.weight, "step": self.count}

    def train_step(self, features: Any, labels: Any) -> Any:
        del labels
        loss = self.weight * tf.reduce_mean(features)
        self.weight.assign_sub(0.01 * tf.reduce_mean(features))
        self.count.assign_add(1)
        return {"loss": loss}


class OfTheLast(Loop):
    """Returns the last loss."""

    @tf.function
    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        for _ in tf.range(count - 1):
            self.train_step(next(iterator), None)
        return self.train_step(next(iterator), None)


class OfAll(Loop):
    """Returns the losses of all steps."""

    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        return [self.train_step(next(iterator), None)["loss"] for _ in range(count)]


class OfTheMean(OfAll):
    """Returns the mean of the losses."""

    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        return tf.reduce_mean(tf.stack(super().train_steps(iterator, count)))


class OneTooMany(OfAll):
    """Makes one step more than it is asked for, when it is asked for three."""

    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        losses = super().train_steps(iterator, count)
        return (
            losses
            if int(count) != 3
            else [*losses[:2], *super().train_steps(iterator, tf.constant(1))]
        )


class CountsOnce(OfAll):
    """Counts one step for each call."""

    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        losses = super().train_steps(iterator, count)
        self.count.assign_sub(tf.cast(count - 1, tf.int64))
        return losses


class KeepsState(OfAll):
    """Has a counter that is not among its variables."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = tf.Variable(1.0)

    def train_step(self, features: Any, labels: Any) -> Any:
        self.hidden.assign_add(0.1)
        return {"loss": super().train_step(features, labels)["loss"] * self.hidden}


class RoundsOtherwise(OfAll):
    """Moves a weight by a number that the last bits of another one decide."""

    more = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.noise = tf.Variable(0.0)
        self.variables = {**self.variables, "noise": self.noise}

    def train_step(self, features: Any, labels: Any) -> Any:
        result = super().train_step(features, labels)
        self.noise.assign_add(0.01 * tf.sin(3e7 * self.weight))
        return result

    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        self.weight.assign(np.nextafter(self.weight.numpy(), np.float32(9.0)))
        self.noise.assign_add(self.more)
        return super().train_steps(iterator, count)


class RoundsAndAdds(RoundsOtherwise):
    """Adds more than that in each call."""

    more = 0.5


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(RoundsOtherwise, Outcome.EQUIVALENT), (RoundsAndAdds, Outcome.DIFFERENT)],
)
def test_what_rounding_decides(kind: type[RoundsOtherwise], outcome: Outcome) -> None:
    adapter, initial = SubjectAdapter(kind()), {**INITIAL, "noise": np.float32(0.0)}
    adapter.assign(initial)
    losses = adapter.steps_on(BATCHES, len(BATCHES.values))
    [stage] = train_steps_stage.stages(
        adapter, BATCHES, initial, losses, Tolerances(), lambda text: None, trainable=["weight"]
    )
    assert stage.outcome is outcome
    assert any("noise" in note for note in stage.notes) == (outcome is Outcome.EQUIVALENT)


def compared(loop: Loop, batches: Batches = BATCHES) -> Stage | None:
    adapter = SubjectAdapter(loop)
    adapter.assign(INITIAL)
    losses = adapter.steps_on(batches, len(batches.values))
    stages = train_steps_stage.stages(
        adapter, batches, INITIAL, losses, Tolerances(), lambda text: None
    )
    return stages[0] if stages else None


@pytest.mark.parametrize("kind", [OfTheLast, OfAll, OfTheMean])
def test_right_loops(kind: type[Loop]) -> None:
    stage = compared(kind())
    assert stage is not None
    assert stage.outcome in (Outcome.IDENTICAL, Outcome.EQUIVALENT), stage.first
    assert stage.compared == "10 steps in 4 calls, with those of `train_step`"  # 1 + 2 + 3 + 4


def test_without_the_method() -> None:
    assert compared(Loop()) is None


def test_a_wrong_loss() -> None:
    stage = compared(OneTooMany())
    assert stage is not None
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.first is not None
    assert stage.first.place == "loss at step 6"  # the last of the call for steps 4, 5 and 6


def test_a_wrong_variable() -> None:
    stage = compared(CountsOnce())
    assert stage is not None
    assert stage.first is not None
    assert (stage.first.name, stage.first.note) == ("step", "10 in the reference, 4 in the subject")


def test_state_that_cannot_be_set_back() -> None:
    stage = compared(KeepsState())
    assert stage is not None
    assert stage.outcome is Outcome.NOT_COMPARED
    assert stage.notes == (
        "`train_step`, from the same variables again, has other losses: the subject keeps "
        "something in training that is not in `variables`",
    )


@pytest.mark.parametrize(
    ("batches", "counts"), [(1, [1]), (2, [1]), (3, [1, 2]), (50, [1, 2, 3, 4])]
)
def test_the_numbers_of_steps(batches: int, counts: list[int]) -> None:
    assert train_steps_stage._counts(batches) == counts
