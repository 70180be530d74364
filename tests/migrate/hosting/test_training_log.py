"""Logs, summaries and checkpoints come at the steps of an Estimator's hooks."""

import re
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
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
