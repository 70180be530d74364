"""Compares the training of a foreign loop that gets the reference's draws.

That both programs draw alike is an assumption. Where they agree, the agreement proves it: other
random numbers would give other losses. Where they differ, the subject may be wrong, or the draws
may not belong together. A difference therefore counts only if no other alignment of the draws makes
it go away. Otherwise training is not compared.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from estimator_compat.type_aliases import Nest
from migrate.verifying.comparison import compare
from migrate.verifying.draws.alignments import IDENTITY, Alignment, alternatives
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.subject_replay import Report
from migrate.verifying.reference import TrainingRecord, Values
from migrate.verifying.subjects import SubjectAdapter
from migrate.verifying.verdict import Outcome, Stage

# How far apart two losses of the subject may be that are computed twice in the same way: sums may be
# added up in another order.
_AGAIN = 1e-5
# An alignment is tried on all batches if the first loss is this many times the tolerance away.
_ROUGHLY = 10.0

UNSEEN = (
    "the subject's loss of the first batch is another one when it is computed again from the same "
    "weights: it depends on numbers that cannot be replayed, such as NumPy's random numbers or "
    "those of a tf.function that was traced before"
)
COUNTERS = (
    "the subject's first step is another one when it is repeated from the same variables: it "
    "depends on a counter that is not in `variables`"
)


class SubjectDraws(Protocol):
    """The subject's side of a replay: see `SubjectReplay`."""

    def restart(self, alignment: Alignment) -> None:
        """Begins with the first step again."""

    def report(self) -> Report:
        """Returns how the subject drew since `restart`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SubjectTraining:
    """A training of the subject, and its comparison with the reference's.

    Attributes:
      stages: "forward", "gradients", "one step" and "steps".
      losses: The subject's loss of each step.
      first: The subject's variables after the first step.
    """

    stages: list[Stage]
    losses: Sequence[np.ndarray]
    first: Values

    @property
    def differs(self) -> bool:
        """Whether a stage after the forward pass is different; "steps" has the first loss, too."""
        return any(stage.outcome is Outcome.DIFFERENT for stage in self.stages[1:])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a comparison of trainings.

    Attributes:
      training: The subject's training with the most likely alignment.
      reason: Why it is not compared; "" if it is.
      note: What is to be known of the draws; "" if there is nothing.
    """

    training: SubjectTraining
    reason: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlignedTraining:
    """The training of a foreign loop that gets the reference's draws.

    Attributes:
      draws: The replay into the subject.
      recorded: The reference's draws of the first step.
      subject: The subject.
      record: The reference's training.
      element: The first batch.
      tolerance: How far apart two equal losses may be, relatively.
      run: Trains the subject from the reference's initial weights on all batches, and compares it.
    """

    draws: SubjectDraws
    recorded: list[Draw]
    subject: SubjectAdapter
    record: TrainingRecord
    element: Nest
    tolerance: float
    run: Callable[[], SubjectTraining]

    def compare(self) -> Result:
        """Trains the subject and compares it with the reference."""
        training = self._train(IDENTITY)
        report = self.draws.report()
        if not self.recorded:
            extra = report.doubt if training.differs else ""
            return Result(training=training, note=extra)
        if report.hidden:
            return Result(training=training, reason=report.hidden)
        if not training.differs:
            return Result(training=training, note=self._note(report))
        loss, first = self._step(IDENTITY, keeps_counters=bool(report.missing))
        if not self._is_close(training.losses[0], loss, _AGAIN):
            return Result(training=training, reason=UNSEEN)
        has_counters = not report.missing and any(
            not self._is_close(value, first[name], _AGAIN) for name, value in training.first.items()
        )
        return self._search(training, report, has_counters)

    def _search(self, training: SubjectTraining, report: Report, has_counters: bool) -> Result:
        """Looks for an alignment that makes the difference go away.

        Args:
          training: The training with the draws in the recorded order, which differs.
          report: How the subject drew in it.
          has_counters: Whether a training cannot be repeated exactly.
        """
        others, are_all = alternatives(self.recorded)
        best, best_alignment = training, IDENTITY
        agreeing = 0
        for alignment in others:
            loss, _ = self._step(alignment)
            if not self._agrees(loss):
                continue
            agreeing += 1
            other = self._train(alignment)
            if not other.differs:
                return Result(training=other, note=self._note(self.draws.report(), alignment))
            if best is training and not self._agrees(training.losses[0]):
                best, best_alignment = other, alignment
        is_known = self._agrees(training.losses[0]) and not agreeing
        if report.doubt:
            reason = f"the draws do not match: {report.doubt}"
        elif agreeing and has_counters:
            reason = COUNTERS
        elif are_all or is_known:
            reason = ""
        else:
            reason = f"{len(self.recorded)} draws, and not all of their orders can be tried"
        return Result(
            training=best,
            reason=reason,
            note=self._note(report, best_alignment)
            if report.missing or best is not training
            else "",
        )

    def _train(self, alignment: Alignment) -> SubjectTraining:
        """Trains the subject on all batches."""
        self.draws.restart(alignment)
        self.subject.assign(self.record.initial)
        return self.run()

    def _step(
        self, alignment: Alignment, keeps_counters: bool = False
    ) -> tuple[np.ndarray, Values]:
        """Trains the subject on the first batch, and returns the loss and the variables.

        Args:
          alignment: How the draws are given to the subject.
          keeps_counters: Leaves the variables that are integers as they are. Numbers that the
            subject draws with the step as a seed are then other ones.
        """
        self.draws.restart(alignment)
        values = self.record.initial
        if keeps_counters:
            values = {n: value for n, value in values.items() if value.dtype.kind not in "iu"}
        self.subject.assign(values)
        return self.subject.step(self.element), self.subject.read()

    def _agrees(self, loss: np.ndarray) -> bool:
        """Tells whether a loss is the reference's loss of the first step, roughly."""
        return self._is_close(self.record.losses[0], loss, _ROUGHLY * self.tolerance)

    def _is_close(self, first: Any, second: Any, tolerance: float) -> bool:
        found = compare("", first, second, tolerance=tolerance, smallest=1e-3)
        return found.outcome is not Outcome.DIFFERENT

    def _note(self, report: Report, alignment: Alignment = IDENTITY) -> str:
        count = len(self.recorded)
        tensors = f"{count} random {'tensor' if count == 1 else 'tensors'}"
        if not report.drawn:
            return f"the reference draws {tensors} in a training step, the subject none"
        how = f", {alignment}" if str(alignment) else ""
        missing = f"; {report.missing}" if report.missing else ""
        return (
            f"the reference draws {tensors} in a training step; the subject got them{how}{missing}"
        )
