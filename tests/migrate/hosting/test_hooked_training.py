"""Hooks in a hosted loop do what they do under the real Estimator.

The expected numbers, lines and files were recorded with the Estimator of TensorFlow 2.15.1, with
the model_fn, hooks and config of `tests.models.hooked_programs`.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.models.hooked_programs import (
    Calls,
    FeedRate,
    HalveWeights,
    Lines,
    TrainMore,
    five_batches,
    hosted,
    near,
    own_summary,
    parts,
    tags,
    training,
)

LOSSES = [3.128232, 0.726964, 0.857017, 0.611916, 0.729517, 0.94455, 1.339875, 1.12747, 0.552169]
WITH_DROPOUT = [
    *(3.225446, 0.857859, 1.296628, 1.393828, 1.223983, 2.315923, 0.328791, 0.990306, 0.982898),
]
FED = [3.225446, 1.271764, 0.76816, 1.174196, 1.95936, 6.789317, 3.613641]
HALVED = [3.128232, 2.048984, 2.403379, 2.567609, 4.99128, 4.521344, 3.361614]


@pytest.fixture
def logged() -> Iterator[Lines]:
    handler, logger = (
        Lines(("parts", "batch", "Each training step")),
        logging.getLogger("tensorflow"),
    )
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_hooks_that_say_how_often_they_are_due_leave_long_calls(
    tmp_path: Path, logged: Lines
) -> None:
    hooks = training(parts, own_summary(tmp_path / "own"))
    losses = hosted(tmp_path / "run", hooks=hooks).train(steps=9)
    assert list(losses) == near(LOSSES)
    assert logged.lines == [
        "parts 3.1282 1.6732",
        "parts 0.8570 1.1904",
        "parts 0.7295 1.0624",
        "parts 1.3399 0.9908",
        "parts 0.5522 0.9356",
    ]
    assert tags(tmp_path / "own") == [
        (1, "own", 6.256463),
        (4, "own", 1.223832),
        (7, "own", 2.67975),
    ]


def test_random_numbers_are_those_of_one_session(tmp_path: Path, logged: Lines) -> None:
    hooks = training(parts, own_summary(tmp_path / "own"))
    losses = hosted(tmp_path / "run", hooks=hooks, dropout=True).train(steps=9)
    assert list(losses) == near(WITH_DROPOUT)
    # The metric in the second column sees the batches of these steps and of the summaries.
    assert logged.lines == [
        "parts 3.2254 1.6214",
        "parts 1.2966 1.2710",
        "parts 1.2240 1.1873",
        "parts 0.3288 1.0747",
        "parts 0.9829 1.0204",
    ]


def test_order_of_calls(logged: Lines) -> None:
    notes: list[Any] = []

    def hooks(mode: str, tensors: Any) -> dict[str, Any]:
        return {
            "training_hooks": [Calls("own", notes)],
            "training_chief_hooks": [Calls("chief", notes)],
        }

    loop = hosted(hooks=hooks)
    losses = loop.train(steps=2, hooks=[Calls("given", notes)])
    assert list(losses) == near(LOSSES[:2])
    order = ["chief", "given", "own"]
    assert notes == [
        *((name, "begin") for name in order),
        *((name, "created", 0) for name in order),
        *((name, 0, 1) for name in order),
        *((name, 1, 2) for name in order),
        *((name, "end", 2) for name in order),
    ]
    assert logged.lines == [
        "Each training step is one call (steps_per_loop=1), because of hooks that may act at each "
        "step: Calls."
    ]
    # A second call begins its hooks and its input anew; the hook of the first caller is gone.
    notes.clear()
    assert list(loop.train(steps=1)) == near([0.712288])
    assert notes[:4] == [
        ("chief", "begin"),
        ("own", "begin"),
        ("chief", "created", 2),
        ("own", "created", 2),
    ]


def _out_of_range(context: Any, coordinator: Any) -> None:
    raise tf.errors.OutOfRangeError(None, None, "told to")


def _stop_iteration(context: Any, coordinator: Any) -> None:
    raise StopIteration


STOPS = {
    "request_stop": lambda context, coordinator: context.request_stop(),
    "coordinator": lambda context, coordinator: coordinator.request_stop(),
    "OutOfRangeError": _out_of_range,
    "StopIteration": _stop_iteration,
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_hooks_stop_the_training(stop: Any) -> None:
    notes: list[Any] = []
    losses = hosted(hooks=training(lambda _: Calls("a", notes, stop, at=4))).train(steps=9)
    assert list(losses) == near(LOSSES[:4])
    assert notes[-1] == ("a", "end", 4)


def test_another_error_ends_the_training_without_end() -> None:
    def fail(context: Any, coordinator: Any) -> None:
        raise KeyError("told to")

    notes: list[Any] = []
    with pytest.raises(KeyError, match="told to"):
        hosted(hooks=training(lambda _: Calls("a", notes, fail, at=2))).train(steps=9)
    assert notes[-1] == ("a", 1, 2)


def test_a_hook_feeds_the_learning_rate() -> None:
    loop = hosted(hooks=training(FeedRate), dropout=True, feeds=True)
    assert list(loop.train(steps=7)) == near(FED)


def test_a_hook_assigns_weights_between_steps() -> None:
    assert list(hosted(hooks=training(lambda _: HalveWeights())).train(steps=7)) == near(HALVED)


def test_a_hook_takes_batches_for_steps_of_its_own() -> None:
    # Of 5 batches, each step takes 2: the hook's and its own. The sixth is missing.
    loop = hosted(hooks=training(TrainMore), dropout=True, train=five_batches)
    assert list(loop.train(steps=9)) == near([0.668064, 1.937489])
    assert loop.global_step == 2


def test_a_hook_saves_checkpoints_instead_of_the_loop(tmp_path: Path) -> None:
    folder = tmp_path / "own"

    def hooks(mode: str, tensors: Any) -> dict[str, Any]:
        return {"training_chief_hooks": [tf1.train.CheckpointSaverHook(str(folder), save_steps=4)]}

    loop = hosted(tmp_path / "run", hooks=hooks)
    loop.train(steps=9)
    assert sorted(path.name for path in folder.glob("*.index")) == [
        f"model.ckpt-{step}.index" for step in (0, 4, 8, 9)
    ]
    assert not list((tmp_path / "run").glob("*.index"))
    restored = hosted()
    restored.restore(str(folder))
    assert restored.evaluate() == loop.evaluate()


def test_variables_of_hooks_are_saved_and_trained_on() -> None:
    class Count(tf1.train.SessionRunHook):
        def begin(self) -> None:
            variable = tf1.get_variable("hooks/count", [], initializer=tf1.zeros_initializer())
            self._increment = tf1.assign_add(variable, 2.0)

        def before_run(self, run_context: Any) -> Any:
            return tf1.train.SessionRunArgs(self._increment)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            counts.append(run_values.results)

    counts: list[Any] = []
    loop = hosted(hooks=training(lambda _: Count()))
    loop.train(steps=3)
    loop.train(steps=2)
    assert counts == [2, 4, 6, 8, 10]
    assert loop.variables["hooks/count"].numpy() == np.float32(10)


def test_hooks_of_evaluation_and_prediction(tmp_path: Path, logged: Lines) -> None:
    notes: list[Any] = []

    def hooks(mode: str, tensors: Any) -> dict[str, Any]:
        if mode == "train":
            return {}
        log = tf1.train.LoggingTensorHook(
            {"loss": tensors["loss"]},
            every_n_iter=2,
            formatter=lambda values: f"batch {values['loss']:.4f}",
        )
        return {"evaluation_hooks": [log, own_summary(tmp_path / "own", steps=1)(tensors)]}

    loop = hosted(hooks=hooks, prediction_hooks=[Calls("own", notes)])
    loop.train(steps=3)
    results = loop.evaluate(hooks=[Calls("given", notes)])
    assert results == {"global_step": 3, "loss": near(0.752352), "mae": near(0.67719)}
    assert logged.lines == ["batch 0.5911", "batch 0.8252"]
    losses = (0.591094, 0.542154, 0.825183, 1.050976)
    assert tags(tmp_path / "own") == [(3, "own", 2 * loss) for loss in losses]
    given = [
        ("given", "begin"),
        ("given", "created", 3),
        *[("given", 3, 3)] * 4,
        ("given", "end", 3),
    ]
    assert notes == given
    notes.clear()
    predictions = [batch["y"].sum() for batch in loop.predict()]
    assert predictions == near([7.508928, 4.992862, 4.974748, -0.062678])
    assert notes == [("own", *call[1:]) for call in given]


def test_an_evaluation_stops_when_a_hook_asks_for_it() -> None:
    loop = hosted()
    loop.train(steps=3)

    class Second(tf1.train.SessionRunHook):
        def begin(self) -> None:
            self._calls = 0

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self._calls += 1
            if self._calls == 2:
                run_context.request_stop()

    # The mean of the losses of the first two batches, as recorded in the test above.
    assert loop.evaluate(hooks=[Second()])["loss"] == near((0.591094 + 0.542154) / 2)
    assert loop.evaluate()["loss"] == near(0.752352)


def test_a_hook_is_an_object() -> None:
    with pytest.raises(TypeError, match="Hooks must be a SessionRunHook"):
        hosted().train(steps=1, hooks=[tf1.train.SessionRunHook])
