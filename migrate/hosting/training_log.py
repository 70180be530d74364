"""Logs, summaries and checkpoints of a training loop, at the steps of an Estimator's hooks."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from migrate.hosting.event_files import EventFiles
from migrate.hosting.schedule import Interval
from migrate.hosting.training_observer import TrainingObserver


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepsMade:
    """Steps that a training made in one call.

    Attributes:
      count: How many steps.
      before: The global step before the last of them.
      now: The global step after it.
      loss: The loss of the last step.
      summaries: The serialized summaries of the last step; empty if it was not summarized.
    """

    count: int
    before: int
    now: int
    loss: np.generic
    summaries: Sequence[bytes] = ()


class TrainingLog:
    """Logs, summarizes and saves at the steps at which an Estimator did.

    Without a model_dir it only logs.

    Args:
      config: The RunConfig; it has the intervals. Without an interval for checkpoints, none are
        saved.
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
        self._saving = Interval(config.save_checkpoints_steps, seconds=config.save_checkpoints_secs)
        self._summary = Interval(config.save_summary_steps)
        self._speed = Interval(config.log_step_count_steps)
        # An Estimator logged the loss at every n-th step, whatever a step adds to the global step.
        self._log, self._count = Interval(config.log_step_count_steps), 0
        # The global step that an Estimator expected after the next step; None before the first one.
        self._expected: int | None = None
        self._observer: TrainingObserver | None = None

    def begin(self, observer: TrainingObserver | None = None) -> None:
        """Makes logs and summaries due after the first step of a new training.

        An Estimator did so because each call of its `train` created new hooks.

        Args:
          observer: Is told of the steps and checkpoints of this training.
        """
        self._observer = observer
        self._count, self._expected = 0, None
        for interval in (self._summary, self._speed, self._log):
            interval.last_step = None

    def steps_until_due(self, step: int) -> int | None:
        """Returns after how many steps the loop must return to Python; None for never.

        Args:
          step: The present global step, to which each step adds 1.
        """
        intervals = [self._summary, self._speed, self._saving] if self._writes else []
        distances = [interval.steps_until_due(step) for interval in intervals]
        distances.append(self._log.steps_until_due(self._count))
        return min((each for each in distances if each is not None), default=None)

    def wants_summaries(self, step: int, count: int) -> bool:
        """Returns whether the last of the next steps is to be summarized.

        Args:
          step: The present global step.
          count: How many steps the next call makes.
        """
        expected = step + count if count > 1 or self._expected is None else self._expected
        return self._writes and self._summary.is_due(expected)

    def record(self, made: StepsMade) -> None:
        """Saves a checkpoint and writes summaries, as far as they are due.

        An Estimator did this before it looked at the loss.
        """
        self._count += made.count
        self._save_if_due(made)
        serialized = [*self._speeds(made), *made.summaries]
        self._expected = made.before + 2
        if made.summaries:
            self._summary.restart(made.now)
            self._expected = made.now + 1
        if serialized:
            self._events.write("", made.now, serialized)

    def report(self, made: StepsMade) -> None:
        """Logs the loss if that is due.

        Raises:
          NanLossDuringTrainingError: The loss is NaN.
        """
        if np.isnan(made.loss):
            tf1.logging.error("Model diverged with loss = NaN.")
            raise tf1.train.NanLossDuringTrainingError
        if self._log.is_due(self._count):
            elapsed = ""
            if self._log.last_step is not None:
                elapsed = f" ({time.monotonic() - self._log.last_time:.3f} sec)"
            # An Estimator read the global step beside the step's own increment of it.
            tf1.logging.info("loss = %s, step = %s%s", made.loss, made.before, elapsed)
            self._log.restart(self._count)
        if self._observer is not None:
            self._observer.stepped(made.now, made.loss)

    def _speeds(self, made: StepsMade) -> list[bytes]:
        """Logs and summarizes the speed since the last time, as a StepCounterHook did.

        There is no speed the first time in a training.

        Returns:
          The serialized summary, or an empty list.
        """
        speed = self._speed
        if not (speed.is_due(made.before + 1) and speed.is_due(made.now)):
            return []
        last_step, last_time = speed.last_step, speed.last_time
        speed.restart(made.now)
        if last_step is None:
            return []
        per_second = (made.now - last_step) / (speed.last_time - last_time)
        tf1.logging.info("global_step/sec: %g", per_second)
        value = tf1.Summary.Value(tag="global_step/sec", simple_value=per_second)
        return [tf1.Summary(value=[value]).SerializeToString()]

    def _save_if_due(self, made: StepsMade) -> None:
        if self._saves_at(made.now):
            due = self._saving.is_due(made.now)
            if self._chief_decides(due) if self._saving.seconds else due:
                self._save_at(made.now)

    def save(self, step: int) -> None:
        """Writes a checkpoint, unless the last checkpoint has the same global step.

        Args:
          step: The global step.
        """
        if self._saves_at(step):
            self._save_at(step)

    def _saves_at(self, step: int) -> bool:
        has_interval = bool(self._saving.steps or self._saving.seconds)
        return self._writes and has_interval and self._saving.last_step != step

    def _save_at(self, step: int) -> None:
        self._save()
        self._saving.restart(step)
        if self._observer is not None:
            self._observer.saved(step)

    def restored(self, step: int) -> None:
        """Begins the checkpoint interval anew at the global step of a restored checkpoint."""
        self._saving.restart(step)
