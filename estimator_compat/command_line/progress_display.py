"""Shows how far a run is: bars on a terminal, plain lines in a pipe. Everything goes to stderr."""

import math
import sys
import time
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_REDRAW_SECONDS = 0.1


class Stage(Protocol):
    """One thing that takes a while: a training, an evaluation."""

    def due(self, position: int) -> bool:
        """Tells whether `show` is worth its cost at this position."""

    def show(self, position: int, loss: float | None) -> None:
        """Shows a position (steps or batches) and the loss there, None where it has none."""

    def close(self) -> None:
        """Ends the stage where it was last shown."""


class Display(Protocol):
    """Where the stages of a run are shown."""

    def stage(self, label: str, *, unit: str, start: int, total: int | None) -> Stage:
        """Begins a stage; several may be open, an evaluation within a training for one."""

    def note(self, text: str) -> None:
        """Prints a line that stays."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_display(*, every_steps: int, console: Console | None = None) -> Display:
    """Chooses the display for a console, stderr's when None.

    Args:
      every_steps: Steps or batches from one plain line to the next.
    """
    console = console or Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return _Bars(console)
    return _Lines(console, every_steps)


class _Speed:
    """Measures steps a second from the stage's first shown position on.

    What comes before it, TensorFlow preparing the graph, is no sign of the speed to come.
    """

    _first: tuple[int, float] | None = None

    def __call__(self, position: int) -> float | None:
        now = time.monotonic()
        if self._first is None:
            self._first = position, now
        steps, elapsed = position - self._first[0], now - self._first[1]
        return steps / elapsed if steps and elapsed else None


class _Bars:
    """Live bars; a finished stage's bar disappears when another one takes the eye."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=24),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[text]}"),
            console=console,
            # The bars are on stderr, and would carry off there what is printed to stdout.
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
    """One line every so many steps, as a log keeps them."""

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
    """Renders `step 100/600  loss 0.4321  1,234/s`."""
    parts = [f"{unit} {position:,}" + (f"/{total:,}" if total else "")]
    if loss is not None:
        parts.append(f"loss {loss:.4g}" if math.isfinite(loss) else f"loss {loss}")
    if speed is not None:
        parts.append(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s")
    return "  ".join(parts)
