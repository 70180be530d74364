"""Gives a program the recorded numbers of another one, and tells whether both draw alike."""

import collections
import dataclasses
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from migrate.verifying.draws.draw import Draw, differing_parameter

# How far apart the parameters of two draws may be, such as the logits of a categorical draw. They
# are results of the model, and may differ by rounding that has grown over many steps.
_PARAMETERS = 1e-3


@dataclasses.dataclass(slots=True)
class Replay:
    """The draws of one call of the subject, matched with recorded ones.

    Each draw of the subject gets the numbers of the first unused recorded draw of the same
    distribution, dtype and shape; otherwise of the first one with as many numbers; otherwise it
    keeps its own.

    Attributes:
      recorded: The recorded draws.
      unused: Those that no draw of the subject has got.
      extra: The subject's draws that got no recorded numbers.
      reshaped: Pairs of a recorded draw and the subject's, whose shapes differ.
      parameters: Pairs of a draw and the name of its parameter that differs.
      drawn: How many draws the subject has made.
    """

    recorded: Sequence[Draw]
    unused: list[Draw] = dataclasses.field(init=False)
    extra: list[Draw] = dataclasses.field(default_factory=list)
    reshaped: list[tuple[Draw, Draw]] = dataclasses.field(default_factory=list)
    parameters: list[tuple[Draw, str]] = dataclasses.field(default_factory=list)
    drawn: int = 0

    def __post_init__(self) -> None:
        self.unused = list(self.recorded)

    def values(self, drawn: Draw) -> Sequence[np.ndarray]:
        """Returns the numbers that a draw of the subject gets."""
        self.drawn += 1
        fitting = [draw for draw in self.unused if draw.fits(drawn)]
        same_shape = [draw for draw in fitting if draw.has_shapes_of(drawn)]
        if not fitting:
            self.extra.append(drawn)
            return drawn.values
        recorded = (same_shape or fitting)[0]
        self.unused = [draw for draw in self.unused if draw is not recorded]
        if not same_shape:
            self.reshaped.append((recorded, drawn))
        if name := differing_parameter(recorded, drawn, _PARAMETERS):
            self.parameters.append((recorded, name))
        return recorded.values_like(drawn)

    @property
    def hidden_difference(self) -> str:
        """What the replay hides: replayed numbers do not show that their parameters differ."""
        for draw, name in self.parameters:
            return f"`{name}` of {draw} is another one in the subject"
        return ""

    @property
    def doubt(self) -> str:
        """Why it is not certain that the numbers belong together; "" if it is."""
        if self.extra:
            missing = f"; it does not draw {_listed(self.unused)}" if self.unused else ""
            return f"the subject draws {_listed(self.extra)}, and the reference does not{missing}"
        for recorded, drawn in self.reshaped:
            return f"{recorded} in the reference is {drawn} in the subject"
        for draw in self.unused:
            # One of two draws of the same shape is missing, and it is unknown which one.
            if sum(other.fits(draw) for other in self.recorded) != sum(
                other.fits(draw) for other in self.unused
            ):
                return f"{self.missing}; the reference draws others of its size"
        return ""

    @property
    def missing(self) -> str:
        """Which recorded draws the subject does not make; "" if it makes all."""
        return f"the subject does not draw {_listed(self.unused)}" if self.unused else ""

    @property
    def is_ambiguous(self) -> bool:
        """Whether recorded draws could be exchanged: they have the same distribution and shape."""
        return max(collections.Counter(map(str, self.recorded)).values(), default=0) > 1


def _listed(draws: Sequence[Draw]) -> str:
    more = f" and {len(draws) - 3} more" if len(draws) > 3 else ""
    return ", ".join(map(str, draws[:3])) + more


class Replayer:
    """Exchanges the subject's draws while a replay is going on.

    Outside of a replay the subject keeps its own numbers. TensorFlow calls `exchange` in threads of
    its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replays: list[Replay] = []
        self._place = 0

    @contextmanager
    def replaying(self, steps: Sequence[Sequence[Draw]]) -> Iterator[list[Replay]]:
        """Gives recorded numbers to the draws that are made in this context.

        Args:
          steps: The recorded draws of each step. A step's draws are given after all draws of the
            step before.

        Yields:
          The replay of each step.
        """
        self._replays, self._place = [Replay(draws) for draws in steps], 0
        try:
            yield self._replays
        finally:
            self._replays = []

    def exchange(self, drawn: Draw) -> Sequence[np.ndarray]:
        """Returns the numbers that a draw gets."""
        with self._lock:
            if not self._replays:
                return drawn.values
            while not self._replays[self._place].unused and self._place + 1 < len(self._replays):
                self._place += 1
            return self._replays[self._place].values(drawn)
