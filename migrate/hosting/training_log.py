"""Logs, summaries and checkpoints of a training loop, at the steps of an Estimator's hooks."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from migrate.hosting.event_files import EventFiles
from migrate.hosting.schedule import Interval
from migrate.hosting.training_observer import TrainingObserver


class TrainingLog:
    """Logs, summarizes and saves at the steps at which an Estimator did.

    Without a model_dir it only logs.

    Args:
      config: The RunConfig; it has the intervals.
      events: The event files.
      save: Writes a checkpoint.
      chief_decides: Takes this worker's decision and returns the chief's decision. Workers may
        decide differently, because their clocks differ.
    """

    def __init__(
        self,
        config: RunConfig,
        events: EventFiles,
        *,
        save: Callable[[], Any],
        chief_decides: Callable[[bool], bool],
    ) -> None:
        self._writes = bool(config.model_dir)
        self._events, self._save, self._chief_decides = events, save, chief_decides
        self._summary = Interval(config.save_summary_steps)
        self._log, self._logged_at = Interval(config.log_step_count_steps), 0.0
        self._observer: TrainingObserver | None = None
        self._saving = Interval(config.save_checkpoints_steps, seconds=config.save_checkpoints_secs)

    def begin(self, observer: TrainingObserver | None = None) -> None:
        """Makes logs and summaries due after the first step of a new training.

        An Estimator did so because each call of its `train` created new hooks.

        Args:
          observer: Is told of the steps and checkpoints of this training.
        """
        self._observer = observer
        self._summary.last_step = self._log.last_step = None

    def intervals(self) -> list[Interval]:
        """Returns the intervals at whose steps the loop must return to Python."""
        return [self._log, self._summary, self._saving] if self._writes else [self._log]

    def wants_summaries(self, step: int, stop: int) -> bool:
        """Returns whether the step that ends at `stop` is to be summarized.

        Args:
          step: The present global step.
          stop: The global step at which the loop next returns to Python.
        """
        return self._writes and self._summary.steps_until_due(step) == stop - step

    def write(self, step: int, loss: np.generic, summaries: Sequence[bytes]) -> None:
        """Writes summaries, and logs and saves if that is due.

        Args:
          step: The global step.
          loss: The loss of the last step.
          summaries: The serialized summaries of the last step; empty if it was not summarized.
        """
        serialized = list(summaries)
        if summaries:
            self._summary.restart(step)
        if self._log.is_due(step):
            tf1.logging.info("loss = %s, step = %s", loss, step)
            serialized += self._speed(step)
            self._log.restart(step)
        if serialized:
            self._events.write("", step, serialized)
        if self._observer is not None:
            self._observer.stepped(step, loss)
        self.save(step)

    def _speed(self, step: int) -> list[bytes]:
        """Logs and summarizes the speed since the last log, as a StepCounterHook did.

        The first log of a training has no speed.

        Returns:
          The serialized summary, or an empty list.
        """
        now, before = time.perf_counter(), self._logged_at
        self._logged_at = now
        if self._log.last_step is None:
            return []
        speed = (step - self._log.last_step) / (now - before)
        tf1.logging.info("global_step/sec: %g", speed)
        value = tf1.Summary.Value(tag="global_step/sec", simple_value=speed)
        return [tf1.Summary(value=[value]).SerializeToString()]

    def save(self, step: int, *, force: bool = False) -> None:
        """Writes a checkpoint if it is due, unless the last checkpoint has the same global step.

        Args:
          step: The global step.
          force: Whether a checkpoint is due whatever the interval.
        """
        if not self._writes or self._saving.last_step == step:
            return
        due = force or self._saving.is_due(step)
        if self._saving.seconds and not force:
            due = self._chief_decides(due)
        if due:
            self._save()
            self._saving.restart(step)
            if self._observer is not None:
                self._observer.saved(step)

    def restored(self, step: int) -> None:
        """Begins the checkpoint interval anew at the global step of a restored checkpoint."""
        self._saving.restart(step)
