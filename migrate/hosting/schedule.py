"""When a training run writes what: the steps at which an Estimator's hooks did."""

import enum
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Every:
    """Something that is due at its first chance, and then every so many global steps or seconds.

    Attributes:
      steps: How many steps; None or 0 for never.
      last: The global step at which it was last done, None before.
      seconds: How many seconds; None or 0 for never. It is due when the loop next comes back.
      at: When it was last done, in seconds of a clock.
    """

    steps: int | None
    last: int | None = None
    seconds: float | None = None
    at: float = 0.0

    def left(self, step: int) -> int | None:
        """How many steps after `step` it is due: at least one; None for never."""
        if not self.steps:
            return None
        return 1 if self.last is None else max(1, self.last + self.steps - step)

    def due(self, step: int) -> bool:
        """Tells whether it is due now that `step` is made."""
        if self.seconds:
            return self.last is None or time.monotonic() - self.at >= self.seconds
        return bool(self.steps) and (self.last is None or step - self.last >= (self.steps or 0))

    def done(self, step: int) -> None:
        self.last, self.at = step, time.monotonic()


class StepCounting(enum.Enum):
    """How much a training step adds to the global step.

    Two optimizers may both count, or one only every other time.
    """

    UNKNOWN = "unknown"
    ONE = "one"
    OTHER = "other"

    def after(self, *, made: int, counted: int) -> "StepCounting":
        """Returns what is known after more steps; a step that once counted otherwise may again.

        Args:
          made: How many steps were made.
          counted: How much they added to the global step.
        """
        if self is StepCounting.OTHER or made != counted:
            return StepCounting.OTHER
        return StepCounting.ONE

    def longest(self, steps_per_loop: int) -> int:
        """How many steps may be made at once without one beyond the end."""
        return steps_per_loop if self is StepCounting.ONE else 1


def next_stop(step: int, *, end: int, longest: int, due: list[Every]) -> int:
    """Returns the global step at which the loop has to come back to Python.

    Args:
      step: Where it is.
      end: The last step to make.
      longest: How many steps it may make at once.
      due: What it comes back for.
    """
    distances = [left for one in due if (left := one.left(step)) is not None]
    return min(step + min([longest, *distances]), end)
