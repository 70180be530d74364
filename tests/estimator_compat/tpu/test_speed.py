"""How often the speed of a TPUEstimator is reported, and of what."""

import glob
import logging
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.tpu.speed import ExamplesPerSecondHook
from tests.models.small_tpu_model import estimator, input_fn, pair_input_fn

tf1 = tf.compat.v1


def speeds(folder: Path) -> list[tuple[int, str]]:
    return [
        (event.step, value.tag)
        for path in sorted(glob.glob(str(folder / "events*")))
        for event in tf1.train.summary_iterator(path)
        for value in event.summary.value
        if value.tag.endswith("/sec")
    ]


def both(*steps: int) -> list[tuple[int, str]]:
    return [(step, tag) for step in steps for tag in ("global_step/sec", "examples/sec")]


class TestASpeedIsReported:
    """`StepCounterHook` starts its clock at step 1 and then reports every N steps."""

    @pytest.mark.parametrize(
        ("every", "iterations", "expected"),
        [
            (4, 1, both(5)),
            (4, 2, both(3, 5, 7)),
            (4, 3, both(3, 5, 7)),  # 4 / 3 steps, rounded up
            (4, 100, both(2, 3, 4, 5, 6, 7)),
            (None, 1, []),
            (4, "1h", []),
        ],
    )
    def test_every_so_many_steps(
        self, every: Any, iterations: Any, expected: list[Any], tmp_path: Path
    ) -> None:
        run = {"log_step_count_steps": every}
        estimator(tmp_path, iterations=iterations, run=run).train(input_fn, steps=7)
        assert speeds(tmp_path) == expected

    def test_a_global_batch_is_what_counts(self, tmp_path: Path) -> None:
        estimator(tmp_path).train(input_fn, steps=3)
        (path,) = glob.glob(str(tmp_path / "events*"))
        found = {
            value.tag: value.simple_value
            for event in tf1.train.summary_iterator(path)
            for value in event.summary.value
        }
        assert found["examples/sec"] == pytest.approx(2 * found["global_step/sec"])

    def test_without_a_batch_size_the_steps_are(self, tmp_path: Path) -> None:
        # The original ends at its first report: int times None.
        estimator(tmp_path, train_batch_size=None).train(pair_input_fn, steps=3)
        assert speeds(tmp_path) == [(3, "global_step/sec")]

    def test_in_the_log_only_where_there_are_no_summaries(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
        with caplog.at_level(logging.INFO, logger="tensorflow"):
            estimator(tmp_path, run={"save_summary_steps": 0}).train(input_fn, steps=3)
        assert speeds(tmp_path) == []
        told = [record.getMessage().partition(":")[0] for record in caplog.records]
        assert told.count("Running train on CPU/GPU") == 1
        assert told.index("examples/sec") == told.index("global_step/sec") + 1


class Writer:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[int, str, float]] = []

    def add_summary(self, summary: Any, step: int) -> None:
        self.written += [(step, value.tag, value.simple_value) for value in summary.value]


# 10 steps in 4 seconds are 2.5 steps a second; with 8 examples each, 20 examples a second.
@pytest.mark.parametrize(
    ("batch_size", "written"),
    [
        (8, [(30, "global_step/sec", 2.5), (30, "examples/sec", 20.0)]),
        (None, [(30, "global_step/sec", 2.5)]),
    ],
)
def test_speeds(batch_size: int | None, written: list[Any]) -> None:
    writer = Writer()
    hook = ExamplesPerSecondHook(batch_size, summary_writer=writer)
    hook._log_and_record(10, 4.0, 30)
    assert writer.written == written


def test_without_a_writer_speeds_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="tensorflow"):
        ExamplesPerSecondHook(8)._log_and_record(10, 4.0, 30)
    assert caplog.messages == ["global_step/sec: 2.5", "examples/sec: 20"]
