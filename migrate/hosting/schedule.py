"""The steps at which a loop logs, summarizes and saves: the same as for an Estimator's hooks."""

import enum
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Interval:
    """The interval of a recurring action, in global steps or in seconds.

    The action is due after the first step, and then whenever the interval has passed.

    Attributes:
      steps: The interval in global steps; None or 0 if it is not in steps.
      last_step: The global step of the last action; None before the first action.
      seconds: The interval in seconds; None or 0 if it is not in seconds. The loop checks it only
        when it returns to Python.
      last_time: The time of the last action, in seconds of `time.monotonic`.
    """

    steps: int | None
    last_step: int | None = None
    seconds: float | None = None
    last_time: float = 0.0

    def steps_until_due(self, step: int) -> int | None:
        """Returns how many steps after `step` the action is due, at least 1; None for never."""
        if not self.steps:
            return None
        return 1 if self.last_step is None else max(1, self.last_step + self.steps - step)

    def is_due(self, step: int) -> bool:
        """Returns whether the action is due after the global step `step`."""
        if self.seconds:
            return self.last_step is None or time.monotonic() - self.last_time >= self.seconds
        if not self.steps:
            return False
        return self.last_step is None or step - self.last_step >= self.steps

    def restart(self, step: int) -> None:
        """Begins the interval anew, after an action at the global step `step`."""
        self.last_step, self.last_time = step, time.monotonic()


class StepCounting(enum.Enum):
    """How much a training step adds to the global step.

    It is not always 1: two optimizers may both increment the global step, or a train_op may
    increment it only in every other step.
    """

    UNKNOWN = "unknown"
    ONE = "one"
    OTHER = "other"

    def after(self, *, made: int, counted: int) -> "StepCounting":
        """Returns what is known after more steps.

        OTHER stays OTHER, because a step that once did not add 1 may do so again.

        Args:
          made: How many steps were made.
          counted: How much they added to the global step.
        """
        if self is StepCounting.OTHER or made != counted:
            return StepCounting.OTHER
        return StepCounting.ONE

    def longest(self, steps_per_loop: int) -> int:
        """Returns how many steps one graph call may make without passing the last step."""
        return steps_per_loop if self is StepCounting.ONE else 1


@dataclass(frozen=True, slots=True)
class LastStep:
    """The global step at which a training ends, as an Estimator's StopAtStepHook found it.

    Attributes:
      step: The global step; None if only the input's end or a hook ends the training.
    """

    step: int | None

    def is_reached(self, before: int, now: int) -> bool:
        """Returns whether the training ends after a step.

        The hook read the global step beside the step's own increment of it, nearly always before
        it, and here always. It looked at the new value only if the old one was the last but one, or
        larger. So a step that adds 2 may be
        followed by another one, although the last step is reached: from 0, steps of 2 end at 12 if
        10 is the last step.

        Args:
          before: The global step before the step.
          now: The global step after it.
        """
        return self.step is not None and before + 1 >= self.step and now >= self.step

    def steps_until_reached(self, step: int) -> int | None:
        """Returns how many steps of 1 are left after the global step `step`, at least 1."""
        return None if self.step is None else max(1, self.step - step)
