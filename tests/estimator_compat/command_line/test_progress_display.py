"""How far a run is: whole lines in a pipe, bars on a terminal."""

import io
import time
from typing import Any

import pytest
from rich.console import Console

from estimator_compat.command_line import progress_display


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def _console(terminal, **options) -> Any:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, **options)


def _run(stage, last, clock, seconds_a_step, first=1):
    for position in range(first, last + 1):
        clock[0] += seconds_a_step
        if stage.due(position):
            stage.show(position, 1 / position)
    stage.close()


def test_a_pipe_gets_a_line_every_so_many_steps(clock):
    console = _console(terminal=False)
    with progress_display.open_display(every_steps=1000, console=console) as shown:
        _run(
            shown.stage("train", unit="step", start=0, total=2500), 2500, clock, seconds_a_step=0.25
        )
        shown.note("evaluation at step 2,500: [accuracy] 0.5")
    # Four steps a second from the first line on.
    assert console.file.getvalue() == (
        "train: step 1/2,500  loss 1\n"
        "train: step 1,000/2,500  loss 0.001  4/s\n"
        "train: step 2,000/2,500  loss 0.0005  4/s\n"
        "evaluation at step 2,500: [accuracy] 0.5\n"
    )


def test_a_resumed_training_shows_its_first_step_and_round_ones(clock):
    console = _console(terminal=False)
    with progress_display.open_display(every_steps=100, console=console) as shown:
        stage = shown.stage("train", unit="step", start=250, total=None)
        _run(stage, 300, clock, seconds_a_step=0.01, first=251)
    assert console.file.getvalue() == (
        "train: step 251  loss 0.003984\ntrain: step 300  loss 0.003333  100/s\n"
    )


def test_a_short_evaluation_needs_no_line(clock):
    console = _console(terminal=False)
    with progress_display.open_display(every_steps=100, console=console) as shown:
        _run(shown.stage("evaluate", unit="batch", start=0, total=None), 3, clock, 0.01)
    assert console.file.getvalue() == ""


@pytest.mark.parametrize(("loss", "text"), [(float("nan"), "nan"), (float("inf"), "inf")])
def test_a_loss_that_is_no_number_is_shown_as_it_is(loss, text):
    console = _console(terminal=False)
    with progress_display.open_display(every_steps=1, console=console) as shown:
        shown.stage("train", unit="step", start=0, total=None).show(1, loss)
    assert console.file.getvalue() == f"train: step 1  loss {text}\n"


def test_a_terminal_gets_bars_and_notes_above_them():
    console = _console(terminal=True)
    display: Any = progress_display.open_display(every_steps=1, console=console)
    with display as shown:
        training = shown.stage("train", unit="step", start=0, total=4)
        training.show(2, 0.5)
        evaluation = shown.stage("evaluate", unit="batch", start=0, total=None)
        evaluation.show(7, None)
        shown.progress.refresh()
        evaluation.close()
        shown.note("evaluation at step 2: accuracy 1")
        training.show(4, 0.25)
        training.close()
    text = console.file.getvalue()
    for part in ("step 2/4  loss 0.5", "batch 7", "evaluation at step 2: accuracy 1"):
        assert part in text
    last_frame = text[text.rindex("train ") :]
    assert "step 4/4  loss 0.25" in last_frame
    assert "evaluate" not in last_frame


def test_bars_redraw_ten_times_a_second_not_every_step(clock):
    console = _console(terminal=True)
    stage = progress_display.open_display(every_steps=1, console=console).stage(
        "train", unit="step", start=0, total=None
    )
    shown = 0
    for position in range(1, 1001):
        clock[0] += 0.001
        if stage.due(position):
            stage.show(position, 0.0)
            shown += 1
    # One second in steps of a millisecond: the first step, then one at least 0.1 s after another.
    assert 9 <= shown <= 11


def test_a_dumb_terminal_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    console = _console(terminal=True)
    assert not hasattr(progress_display.open_display(every_steps=1, console=console), "progress")
