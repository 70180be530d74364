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
from migrate.hosting.training_log import TrainingLog
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
    made = logged()
    # A session reads the global step for its log before or after the step's own increment.
    assert [loss for loss, _ in made] == [loss for loss, _ in expected]
    assert [step for _, step in made] == [1, 8, 15, 22, 24, 31]
    ours, theirs = (events(tmp_path / side) for side in ("host", "run"))
    assert sorted(ours) == sorted(theirs)
    assert {step for step, *_ in ours} == {1, 6, 11, 16, 21, 24, 29}
    with caplog.at_level("INFO", logger="tensorflow"):
        hosted().train(steps=STEPS)  # without a model_dir, only the log shows the training
    assert logged() == made[:4]


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


def test_each_action_has_its_own_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 12.0])  # the seconds at the logs of the steps 1 and 4
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    log, events, saved = log_of(save_checkpoints_steps=5)
    saved_after = []
    for step in range(1, 7):
        summaries = [b"summary"] if log.wants_summaries(step - 1, step) else []
        log.write(step, np.float32(0.5), summaries)
        saved_after.append(len(saved))
    speed = tf1.Summary()
    speed.value.add(tag="global_step/sec", simple_value=1.5)  # 3 steps in 2 seconds
    assert events.written == [
        (1, [b"summary"]),
        (3, [b"summary"]),
        (4, [speed.SerializeToString()]),
        (5, [b"summary"]),
    ]
    assert saved_after == [1, 1, 1, 1, 1, 2]  # after the steps 1 and 6


def test_a_checkpoint_is_not_written_twice_at_one_step() -> None:
    log, _, saved = log_of(save_checkpoints_steps=5)
    log.save(0, force=True)
    log.save(0, force=True)
    log.save(4)
    assert saved == [0]
    log.save(4, force=True)
    assert saved == [0, 1]


def test_a_restored_step_begins_the_interval() -> None:
    log, _, saved = log_of(save_checkpoints_steps=5)
    log.restored(12)
    for step in (12, 16):
        log.save(step)
    assert saved == []
    log.save(17)
    assert saved == [0]


@pytest.mark.parametrize("decision", [True, False])
def test_the_chiefs_clock_decides(decision: bool) -> None:
    asked = []

    def chief(due: bool) -> bool:
        asked.append(due)
        return decision

    log, _, saved = log_of(chief, save_checkpoints_secs=1000)
    log.save(1)
    assert (asked, len(saved)) == ([True], int(decision))
    log.restored(1)
    log.save(2)
    assert asked == [True, False]
    log.save(3, force=True)  # is done by all workers, so that nobody is asked
    assert (len(asked), len(saved)) == (2, 2 * decision + 1)


def test_without_a_model_dir_it_only_logs(caplog: pytest.LogCaptureFixture) -> None:
    log, _, saved = log_of(model_dir=None, save_checkpoints_steps=5)
    assert [interval.steps for interval in log.intervals()] == [3]
    assert not log.wants_summaries(0, 1)
    with caplog.at_level("INFO", logger="tensorflow"):
        log.write(1, np.float32(0.5), [])
    assert "loss = 0.5, step = 1" in caplog.text
    assert saved == []


def test_the_loop_stops_for_logs_summaries_and_checkpoints() -> None:
    log, *_ = log_of(save_checkpoints_steps=5)
    assert [interval.steps for interval in log.intervals()] == [3, 2, 5]
