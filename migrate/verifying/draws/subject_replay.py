"""The subject's side of a replay: which recorded draws each of its calls gets.

This module needs nothing of the reference but the files of its recordings, because a subject may
run in a process of its own.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import TypeVar

import tensorflow as tf

from migrate.verifying.draws.alignments import IDENTITY, Alignment
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.interception import intercepted
from migrate.verifying.draws.recording import Recording
from migrate.verifying.draws.replay import Replay, Replayer

_T = TypeVar("_T")
_EXCHANGE_OP = "PyFunc"  # the type of the op that `interception` adds


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the subject drew in the calls since `SubjectReplay.restart`.

    Attributes:
      drawn: How many draws the subject made.
      hidden: What a replay cannot compare; "" if there is no such thing. See
        `Replay.hidden_difference`.
      doubt: Why it is not certain that the draws belong together; "" if it is.
      missing: Which of the reference's draws the subject does not make; "" if it makes all.
      eagerly: Whether functions ran eagerly: see `SubjectReplay.restart`.
    """

    drawn: int
    hidden: str
    doubt: str
    missing: str
    eagerly: bool


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
        self._eagerly = False

    def restart(self, alignment: Alignment = IDENTITY, *, eagerly: bool = False) -> None:
        """Begins with the first step again.

        Args:
          alignment: How the draws of a step are given to the subject.
          eagerly: Whether each `tf.function` runs eagerly, so that the draws of functions are seen
            that were traced before. Functions that XLA compiles always run eagerly.
        """
        self._alignment, self._step, self._replays = alignment, 0, []
        self._eagerly = self._eagerly or eagerly

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
            eagerly=self._eagerly,
        )

    def steps(self, function: Callable[[], _T], count: int = 1) -> _T:
        """Calls a function that trains the next steps, with the draws of these steps."""
        steps = [self._training.step(self._step + index) for index in range(count)]
        self._step += count
        return self._call(function, steps)

    def gradients(self, function: Callable[[], _T]) -> _T:
        """Calls a function with the draws of the first batch's gradients."""
        return self._call(function, [self._gradients.step(0)])

    def own(self, function: Callable[[], _T]) -> _T:
        """Calls a function that keeps its own draws.

        What is traced meanwhile takes part in later replays.
        """
        with intercepted(self._replayer.exchange):
            return function()

    def _call(self, function: Callable[[], _T], steps: list[list[Draw]]) -> _T:
        aligned = [self._alignment.of(draws) for draws in steps]
        if not self._eagerly:
            try:
                return self._replayed(function, aligned)
            except tf.errors.InvalidArgumentError as error:
                # XLA refuses a function with a `tf.numpy_function` before it runs.
                if _EXCHANGE_OP not in str(error):
                    raise
                self._eagerly = True
        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            return self._replayed(function, aligned)
        finally:
            tf.config.run_functions_eagerly(before)

    def _replayed(self, function: Callable[[], _T], steps: list[list[Draw]]) -> _T:
        with (
            intercepted(self._replayer.exchange),
            self._replayer.replaying(steps) as replays,
        ):
            result = function()
        self._replays += replays
        return result
