"""Logs, summaries and checkpoints come at the steps of an Estimator's hooks."""

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.event_files import EventFiles
from migrate.hosting.training_log import StepsMade, TrainingLog
from tests.migrate.hosting.summaries import events
from tests.models.hosted_programs import (
    INPUT_FNS,
    STEPS,
    hosted,
    run,
)


def test_each_call_of_train_logs_and_summarizes_at_the_steps_of_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def logged() -> list[tuple[str, int]]:
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        lines = [re.match(r"loss = (\S+), step = (\d+)", message) for message in found]
        return [(line[1], int(line[2])) for line in lines if line]

    with caplog.at_level("INFO", logger="tensorflow"):
        trained, _ = run(tmp_path / "run")
        trained.train(INPUT_FNS["train"], steps=9)
        expected = logged()
        loop = hosted(tmp_path / "host")
        for steps in (STEPS, 9):
            loop.train(steps=steps)
    found = logged()
    # A session reads the step of a line beside its increment, nearly always before it.
    assert [loss for loss, _ in found] == [loss for loss, _ in expected]
    assert [step for _, step in found] == [0, 7, 14, 21, 23, 30]
    ours, theirs = (events(tmp_path / side) for side in ("host", "run"))
    assert sorted(ours) == sorted(theirs)
    assert {step for step, *_ in ours} == {1, 6, 11, 16, 21, 24, 29}
    with caplog.at_level("INFO", logger="tensorflow"):
        hosted().train(steps=STEPS)  # without a model_dir, only the log shows the training
    assert logged() == found[:4]


def test_the_speed_is_written_at_the_steps_of_the_run(tmp_path: Path) -> None:
    def written(folder: Path) -> list[int]:
        """Steps 8, 15 and 22 of 23: every seventh after the first."""
        found = [
            (event.step, value.simple_value)
            for path in folder.glob("events*")
            for event in tf1.train.summary_iterator(str(path))
            for value in event.summary.value
            if value.tag == "global_step/sec"
        ]
        assert all(speed > 0 for _, speed in found)
        return [step for step, _ in found]

    run(tmp_path / "run")
    hosted(tmp_path / "host").train(steps=STEPS)
    assert written(tmp_path / "host") == written(tmp_path / "run") == [8, 15, 22]


def test_checkpoints_by_the_clock(tmp_path: Path) -> None:
    settings = estimator.RunConfig(str(tmp_path), save_checkpoints_secs=1e-6)
    assert estimator.RunConfig().save_checkpoints_secs == 600  # the default of most programs
    hosted(config=settings).train(steps=10, steps_per_loop=4)
    # At the start, and at each return to Python: after the first step, then every four steps.
    saved = tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths
    assert [Path(path).name for path in saved] == [f"ckpt-{n}" for n in (0, 1, 5, 9, 10)]


class Events(EventFiles):
    """Keeps what is written, instead of writing it."""

    def __init__(self) -> None:
        super().__init__(None)
        self.written: list[tuple[int, Any]] = []

    def write(self, folder: str, step: int, serialized: Iterable[bytes]) -> None:
        assert folder == ""
        self.written.append((step, list(serialized)))


def log_of(
    chief: Callable[[bool], bool] = lambda due: due, **settings: Any
) -> tuple[TrainingLog, Events, list[int]]:
    """Returns a log, its events, and a list that gets a number at each checkpoint."""
    events, saved = Events(), list[int]()
    given = {"model_dir": "folder", "save_summary_steps": 2, "log_step_count_steps": 3, **settings}
    log = TrainingLog(
        estimator.RunConfig(**given),
        events,
        save=lambda: saved.append(len(saved)),
        chief_decides=chief,
    )
    log.begin()
    return log, events, saved


def made(step: int, loss: float = 0.5, summaries: Any = (), before: int | None = None) -> StepsMade:
    """Returns one step, which ends at a global step."""
    before = step - 1 if before is None else before
    loss_value = np.float32(loss)
    return StepsMade(count=1, before=before, now=step, loss=loss_value, summaries=summaries)


def test_each_action_has_its_own_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    log, events, saved = log_of(save_checkpoints_steps=5)
    log.save(0)
    saved_after = []
    for step in range(1, 7):
        seconds[0] = 10.0 if step < 4 else 12.0
        summaries = [b"summary"] if log.wants_summaries(step - 1, 1) else []
        log.record(made(step, summaries=summaries))
        log.report(made(step))
        saved_after.append(len(saved))
    speed = tf1.Summary()
    speed.value.add(tag="global_step/sec", simple_value=1.5)  # 3 steps in 2 seconds
    assert events.written == [
        (1, [b"summary"]),
        (3, [b"summary"]),
        (4, [speed.SerializeToString()]),
        (5, [b"summary"]),
    ]
    assert saved_after == [1, 1, 1, 1, 2, 2]  # before training, and after step 5


def test_the_steps_of_a_training_that_counts_by_two() -> None:
    """Every 3 from step 2 on: an Estimator expected 1 more than it had read, so that 5 waits."""
    log, events, _ = log_of(save_summary_steps=3)
    for step in range(2, 21, 2):
        summaries = [b"summary"] if log.wants_summaries(step - 2, 1) else []
        log.record(made(step, summaries=summaries, before=step - 2))
    assert [step for step, _ in events.written if b"summary" in dict(events.written)[step]] == [
        2,
        8,
        14,
        20,
    ]


def test_a_checkpoint_is_not_written_twice_at_one_step() -> None:
    log, _, saved = log_of(save_checkpoints_steps=5)
    log.save(0)
    log.save(0)
    log.record(made(4))
    assert saved == [0]
    log.save(4)
    assert saved == [0, 1]


def test_without_an_interval_no_checkpoint_is_written() -> None:
    log, _, saved = log_of(save_checkpoints_steps=None, save_checkpoints_secs=None)
    log.save(0)
    log.record(made(1))
    assert saved == []


def test_a_restored_step_begins_the_interval() -> None:
    log, _, saved = log_of(save_checkpoints_steps=5)
    log.restored(12)
    for step in (13, 16):
        log.record(made(step))
    assert saved == []
    log.record(made(17))
    assert saved == [0]


@pytest.mark.parametrize("decision", [True, False])
def test_the_chiefs_clock_decides(decision: bool) -> None:
    asked = []

    def chief(due: bool) -> bool:
        asked.append(due)
        return decision

    log, _, saved = log_of(chief, save_checkpoints_secs=1000)
    log.record(made(1))
    assert (asked, len(saved)) == ([True], int(decision))
    log.restored(1)
    log.record(made(2))
    assert asked == [True, False]
    log.save(3)  # is done by all workers, so that nobody is asked
    assert (len(asked), len(saved)) == (2, 2 * decision + 1)


def test_without_a_model_dir_it_only_logs(caplog: pytest.LogCaptureFixture) -> None:
    log, _, saved = log_of(model_dir=None, save_checkpoints_steps=5)
    assert not log.wants_summaries(0, 1)
    with caplog.at_level("INFO", logger="tensorflow"):
        log.record(made(1))
        log.report(made(1))
    assert "loss = 0.5, step = 0" in caplog.text
    assert log.steps_until_due(1) == 3
    assert saved == []


def test_the_loop_returns_for_logs_summaries_and_checkpoints() -> None:
    log, *_ = log_of(save_checkpoints_steps=5)
    log.save(0)
    found = []
    for step in range(6):
        found.append(log.steps_until_due(step))
        log.record(made(step + 1, summaries=[b""] if log.wants_summaries(step, 1) else []))
        log.report(made(step + 1))
    # Summaries after the steps 1, 3, 5, 7; logs after 1, 4, 7; a checkpoint after 5.
    assert found == [1, 2, 1, 1, 1, 2]


def test_a_nan_is_told_after_the_summaries(caplog: pytest.LogCaptureFixture) -> None:
    log, events, _ = log_of(save_checkpoints_steps=5)
    nan = made(1, loss=float("nan"), summaries=[b"summary"])
    with caplog.at_level("INFO", logger="tensorflow"):
        log.record(nan)
        with pytest.raises(tf1.train.NanLossDuringTrainingError, match="NaN loss during training"):
            log.report(nan)
    assert "Model diverged with loss = NaN." in caplog.text
    assert "loss = nan" not in caplog.text
    assert events.written == [(1, [b"summary"])]
