"""The subject's side of a replay: which recorded draws each of its calls gets.

This module needs nothing of the reference but the files of its recordings, because a subject may
run in a process of its own.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from migrate.verifying.draws.alignments import IDENTITY, Alignment
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.interception import intercepted
from migrate.verifying.draws.recording import Recording
from migrate.verifying.draws.replay import Replay, Replayer


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the subject drew in the calls since `SubjectReplay.restart`.

    Attributes:
      drawn: How many draws the subject made.
      hidden: What a replay cannot compare; "" if there is no such thing. See
        `Replay.hidden_difference`.
      doubt: Why it is not certain that the draws belong together; "" if it is.
      missing: Which of the reference's draws the subject does not make; "" if it makes all.
    """

    drawn: int
    hidden: str
    doubt: str
    missing: str


class SubjectReplay:
    """Gives the draws of a reference's training to a subject's calls.

    Args:
      folder: The folder of the recordings "training" and "gradients".
    """

    def __init__(self, folder: str) -> None:
        self._training = Recording(f"{folder}/training")
        self._gradients = Recording(f"{folder}/gradients")
        self._replayer = Replayer()
        self._alignment = IDENTITY
        self._step = 0
        self._replays: list[Replay] = []

    def restart(self, alignment: Alignment = IDENTITY) -> None:
        """Begins with the first step again.

        Args:
          alignment: How the draws of a step are given to the subject.
        """
        self._alignment, self._step, self._replays = alignment, 0, []

    def report(self) -> Report:
        """Returns how the subject drew since `restart`."""
        replays = self._replays

        def first(texts: Iterator[str]) -> str:
            return next(filter(None, texts), "")

        return Report(
            drawn=sum(replay.drawn for replay in replays),
            hidden=first(replay.hidden_difference for replay in replays),
            doubt=first(replay.doubt for replay in replays),
            missing=first(replay.missing for replay in replays),
        )

    @contextmanager
    def steps(self, count: int = 1) -> Iterator[None]:
        """Gives the draws of the next steps to the calls in this context."""
        steps = [self._training.step(self._step + index) for index in range(count)]
        self._step += count
        with self._replaying(steps):
            yield

    @contextmanager
    def gradients(self) -> Iterator[None]:
        """Gives the draws of the first batch's gradients to the calls in this context."""
        with self._replaying([self._gradients.step(0)]):
            yield

    @contextmanager
    def own(self) -> Iterator[None]:
        """Leaves the subject its own draws.

        Functions that are traced in this context take part in later replays.
        """
        with intercepted(self._replayer.exchange):
            yield

    @contextmanager
    def _replaying(self, steps: list[list[Draw]]) -> Iterator[None]:
        aligned = [self._alignment.of(draws) for draws in steps]
        with self.own(), self._replayer.replaying(aligned) as replays:
            yield
        self._replays += replays
