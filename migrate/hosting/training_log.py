"""What a loop writes while it trains: summaries, its speed, and checkpoints when they are due."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from migrate.hosting.event_files import EventFiles
from migrate.hosting.schedule import Every


class Reports:
    """Writes at the steps at which an Estimator did; logs only, where there is no model_dir."""

    def __init__(
        self,
        config: RunConfig,
        events: EventFiles,
        *,
        save: Callable[[], Any],
        chief_decides: Callable[[bool], bool],
    ) -> None:
        """Begins.

        Args:
          config: Says when.
          events: Where to.
          save: Writes a checkpoint.
          chief_decides: Makes the chief's answer every worker's: their clocks differ.
        """
        self._writes = bool(config.model_dir)
        self._events, self._save, self._chief_decides = events, save, chief_decides
        self._summary = Every(config.save_summary_steps)
        self._log, self._logged_at = Every(config.log_step_count_steps), 0.0
        self._saving = Every(config.save_checkpoints_steps, seconds=config.save_checkpoints_secs)

    def begin(self) -> None:
        """Begins a training. As with an Estimator, whose hooks are new in each."""
        self._summary.last = self._log.last = None

    def due(self) -> list[Every]:
        """What may be due, and may not be passed over."""
        return [self._log, self._summary, self._saving] if self._writes else [self._log]

    def wants_summaries(self, step: int, stop: int) -> bool:
        """Whether the step that ends at `stop` is to be summarized."""
        return self._writes and self._summary.left(step) == stop - step

    def write(self, step: int, loss: Any, summaries: Sequence[bytes]) -> None:
        """Writes what is due.

        Args:
          step: The global step.
          loss: That of the last step.
          summaries: Serialized; none where none were wanted.
        """
        serialized = list(summaries)
        if summaries:
            self._summary.done(step)
        if self._log.due(step):
            tf1.logging.info("loss = %s, step = %s", loss, step)
            serialized += self._speed(step)
            self._log.done(step)
        if serialized:
            self._events.write("", step, serialized)
        self.save(step)

    def _speed(self, step: int) -> list[bytes]:
        """The speed since it was last asked for, or the first step was made, as a hook told it."""
        now, before = time.perf_counter(), self._logged_at
        self._logged_at = now
        if self._log.last is None:
            return []
        speed = (step - self._log.last) / (now - before)
        tf1.logging.info("global_step/sec: %g", speed)
        value = tf1.Summary.Value(tag="global_step/sec", simple_value=speed)
        return [tf1.Summary(value=[value]).SerializeToString()]

    def save(self, step: int, *, force: bool = False) -> None:
        """Writes a checkpoint where one is due, or forced and not there yet."""
        if not self._writes or self._saving.last == step:
            return
        due = force or self._saving.due(step)
        if self._saving.seconds and not force:
            due = self._chief_decides(due)
        if due:
            self._save()
            self._saving.done(step)

    def restored(self, step: int) -> None:
        """Takes note of a checkpoint that there is."""
        self._saving.done(step)
