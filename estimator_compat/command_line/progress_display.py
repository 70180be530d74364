"""Shows the progress of a run on stderr: bars on a terminal, plain lines in a pipe."""

import math
import sys
import time
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from estimator_compat.command_line.consoles import PlainConsole

_REDRAW_SECONDS = 0.1


class Stage(Protocol):
    """A part of a run that takes long: a training or an evaluation."""

    def due(self, position: int) -> bool:
        """Returns whether `show` should be called for this position."""

    def show(self, position: int, loss: float | None) -> None:
        """Shows the number of steps or batches so far, and the loss; None shows no loss."""

    def close(self) -> None:
        """Ends the stage at the position that was shown last."""


class Display(Protocol):
    """Shows the stages of a run."""

    def stage(self, label: str, *, unit: str, start: int, total: int | None) -> Stage:
        """Begins a stage, and returns it; an evaluation may begin before its training ends."""

    def note(self, text: str) -> None:
        """Prints a line that is not overwritten."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_display(*, every_steps: int, console: Console | None = None) -> Display:
    """Returns bars for a terminal, and plain lines for other consoles.

    Args:
      every_steps: The number of steps or batches between two plain lines.
      console: The console to write to; None creates a console that writes to stderr.
    """
    console = console or PlainConsole(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return _Bars(console)
    return _Lines(console, every_steps)


class _Speed:
    """Measures steps per second since the first position that was shown.

    The time before the first position is left out, because TensorFlow prepares the graph then.
    """

    _first: tuple[int, float] | None = None

    def __call__(self, position: int) -> float | None:
        now = time.monotonic()
        if self._first is None:
            self._first = position, now
        steps, elapsed = position - self._first[0], now - self._first[1]
        return steps / elapsed if steps and elapsed else None


class _Bars:
    """Shows a bar for each stage; the bar of an evaluation disappears when it ends."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=24),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[text]}"),
            console=console,
            # If stdout is a terminal, rich prints it above the bars. If it is a file or a pipe, it
            # must not be redirected: rich would send it to stderr, where the bars are.
            redirect_stdout=sys.stdout.isatty(),
        )

    def stage(self, label: str, *, unit: str, start: int, total: int | None) -> Stage:
        return _Bar(self.progress, label, unit, start, total)

    def note(self, text: str) -> None:
        self.progress.console.print(text, markup=False, highlight=False)

    def __enter__(self) -> "_Bars":
        self.progress.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.progress.stop()


class _Bar:
    def __init__(
        self, progress: Progress, label: str, unit: str, start: int, total: int | None
    ) -> None:
        self._progress, self._unit, self._total, self._next = progress, unit, total, 0.0
        self._speed = _Speed()
        self._task = progress.add_task(label, total=total, completed=start, text="starting")

    def due(self, position: int) -> bool:
        del position
        return time.monotonic() >= self._next

    def show(self, position: int, loss: float | None) -> None:
        self._next = time.monotonic() + _REDRAW_SECONDS
        text = _line(self._unit, position, self._total, loss, self._speed(position))
        self._progress.update(self._task, completed=position, text=text)

    def close(self) -> None:
        if self._unit == "step":
            self._progress.stop_task(self._task)
        else:
            self._progress.remove_task(self._task)


class _Lines:
    """Shows a line at regular numbers of steps or batches, for a log."""

    def __init__(self, console: Console, every: int) -> None:
        self._console, self._every = console, every

    def stage(self, label: str, *, unit: str, start: int, total: int | None) -> Stage:
        return _LineStage(self._console, self._every, label, unit, start, total)

    def note(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: Any) -> None:
        pass


class _LineStage:
    def __init__(
        self, console: Console, every: int, label: str, unit: str, start: int, total: int | None
    ) -> None:
        self._console, self._every, self._label, self._unit = console, every, label, unit
        self._start, self._total, self._speed = start, total, _Speed()

    def due(self, position: int) -> bool:
        first = position == self._start + 1 and self._unit == "step"
        return position % self._every == 0 or first

    def show(self, position: int, loss: float | None) -> None:
        text = _line(self._unit, position, self._total, loss, self._speed(position))
        self._console.print(f"{self._label}: {text}", markup=False)

    def close(self) -> None:
        pass


def _line(
    unit: str, position: int, total: int | None, loss: float | None, speed: float | None
) -> str:
    """Returns a text such as `step 100/600  loss 0.4321  1,234/s`."""
    parts = [f"{unit} {position:,}" + (f"/{total:,}" if total else "")]
    if loss is not None:
        parts.append(f"loss {loss:.4g}" if math.isfinite(loss) else f"loss {loss}")
    if speed is not None:
        parts.append(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s")
    return "  ".join(parts)
