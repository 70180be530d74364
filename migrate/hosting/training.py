"""The steps of one call of a hosted loop's `train`."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from estimator_compat.type_aliases import Nest
from migrate.hosting.schedule import LastStep, StepCounting
from migrate.hosting.training_log import StepsMade, TrainingLog
from migrate.hosting.training_loop import Loop


class Training:
    """Makes the steps of a training, and logs, summarizes and saves after them.

    Args:
      loop: Makes many steps in one call.
      batches: The iterator of the input.
      log: Logs, summarizes and saves.
      last: The step at which the training ends.
      global_step: Returns the global step.
      counting: What is known of how much a step adds to the global step.
      steps_per_loop: The largest number of steps in one call.

    Attributes:
      counting: See above.
      losses: The losses of the steps, in parts.
      is_done: Whether the last step is made.
    """

    def __init__(
        self,
        loop: Loop,
        batches: Iterator[Nest],
        log: TrainingLog,
        last: LastStep,
        *,
        global_step: Callable[[], int],
        counting: StepCounting,
        steps_per_loop: int,
    ) -> None:
        self._loop, self._batches, self._log, self._last = loop, batches, log, last
        self._global_step, self._steps_per_loop = global_step, steps_per_loop
        self.counting = counting
        self.losses: list[np.ndarray] = []
        self.is_done = False

    @property
    def step(self) -> int:
        """The global step."""
        return self._global_step()

    def run(self) -> None:
        """Trains to the last step, or to the end of the input.

        Raises:
          NanLossDuringTrainingError: The loss became NaN.
        """
        while not self.is_done and self.advance(self.longest()):
            pass

    def longest(self) -> int:
        """Returns how many steps one call may make now.

        The first step is made alone. It shows whether a step adds 1 to the global step. Otherwise
        many steps in one call could pass the last one.
        """
        step = self.step
        distances = (self._last.steps_until_reached(step), self._log.steps_until_due(step))
        longest = self.counting.longest(self._steps_per_loop)
        return min([longest, *(each for each in distances if each is not None)])

    def advance(self, count: int) -> bool:
        """Makes steps in one call; returns whether all of them were made before the input ended.

        Raises:
          NanLossDuringTrainingError: The loss became NaN.
        """
        step = self.step
        summarize = self._log.wants_summaries(step, count)
        result = self._loop(self._batches, count, summarize=summarize)
        if len(result.losses):
            self._log.report(self.made(step, result.losses, result.summaries))
        return len(result.losses) == count

    def made(self, step: int, losses: np.ndarray, summaries: Sequence[bytes]) -> StepsMade:
        """Takes note of steps, and writes summaries and checkpoints. The caller reports the loss.

        Args:
          step: The global step before the steps.
          losses: Their losses.
          summaries: The serialized summaries of the last step; empty if it was not summarized.
        """
        now, count = self.step, len(losses)
        self.counting = self.counting.after(made=count, counted=now - step)
        self.losses.append(losses)
        made = StepsMade(
            count=count,
            before=step if count == 1 else now - 1,
            now=now,
            loss=losses[-1],
            summaries=summaries,
        )
        self.is_done = self._last.is_reached(made.before, now)
        self._log.record(made)
        return made
