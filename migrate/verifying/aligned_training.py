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

# How far apart two losses of the subject may be that are computed twice in the same way: sums may
# be added up in another order.
_AGAIN = 1e-5
# An alignment is tried on all batches if the first loss is this many times the tolerance away.
_ROUGHLY = 10.0
_NEARLY_1 = 1.0 - 2.0**-7  # is not rounded to 1 in any type

_NO_MATCH = "the draws of subject and reference do not match"
UNSEEN = (
    "the subject's loss of the first batch is another one when it is computed again from the same "
    "weights: it depends on numbers that cannot be replayed, such as NumPy's random numbers or "
    "those of a tf.function that was traced before"
)
COUNTERS = (
    "the subject's first step is another one when it is repeated from the same variables: it "
    "depends on a counter that is not in `variables`"
)
COMPILED = (
    "XLA compiles a function of the subject, and no draws can be replayed into it; the function "
    "was run eagerly and differs from the reference, which may have other reasons"
)


class SubjectDraws(Protocol):
    """The subject's side of a replay: see `SubjectReplay`."""

    def restart(self, alignment: Alignment, *, eagerly: bool = False) -> None:
        """Begins with the first step again."""

    def report(self) -> Report:
        """Returns how the subject drew since `restart`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTraining:
    """A training of the subject, and its comparison with the reference's.

    Attributes:
      stages: "forward", "gradients", "one step" and "steps".
      losses: The subject's loss of each step.
      first: The subject's variables after the record's `first_step`.
      explanations: What makes the first divergence.
    """

    stages: list[Stage]
    losses: Sequence[np.ndarray]
    first: Values
    explanations: list[str]

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
      alignment: How the draws were given to the subject.
    """

    training: ComparedTraining
    reason: str = ""
    note: str = ""
    alignment: Alignment = IDENTITY


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlignedTraining:
    """The training of a foreign loop that gets the reference's draws.

    Attributes:
      draws: The replay into the subject.
      recorded: The reference's draws of the first step.
      subject: The subject.
      record: The reference's training.
      elements: The first batches, up to the record's `first_step`.
      tolerance: How far apart two equal losses may be, relatively.
      constant_loss: Returns the reference's first loss with the same number in each uniform draw.
      run: Trains the subject from the reference's initial weights on all batches, and compares it.
    """

    draws: SubjectDraws
    recorded: list[Draw]
    subject: SubjectAdapter
    record: TrainingRecord
    elements: Sequence[Nest]
    tolerance: float
    constant_loss: Callable[[float], np.ndarray | None]
    run: Callable[[], ComparedTraining]

    def compare(self) -> Result:
        """Trains the subject and compares it with the reference."""
        training = self._train(IDENTITY)
        report = self.draws.report()
        if not self.recorded:
            return Result(training=training, note=report.doubt if training.differs else "")
        if report.hidden:
            return Result(training=training, reason=f"{_NO_MATCH}: {report.hidden}")
        if not training.differs:
            return Result(training=training, note=self._note(report))
        if not report.doubt:
            loss, first = self._again(keeps_counters=bool(report.missing))
            if not _is_close(training.losses[0], loss, _AGAIN):
                return self._train_eagerly(training)
            has_counters = not report.missing and any(
                not _is_close(value, first[name], _AGAIN) for name, value in training.first.items()
            )
        else:
            has_counters = False
        return self._search(training, report, has_counters)

    def _train_eagerly(self, training: ComparedTraining) -> Result:
        """Compares a training in which the draws of functions are seen that were traced before.

        Args:
          training: The training with draws that were not seen.
        """
        eager = self._train(IDENTITY, eagerly=True)
        report = self.draws.report()
        if eager.differs or report.hidden:
            return Result(training=training, reason=UNSEEN)
        return Result(training=eager, note=self._note(report))

    def _search(self, training: ComparedTraining, report: Report, has_counters: bool) -> Result:
        """Looks for an alignment that makes the difference go away.

        Args:
          training: The training with the draws in the recorded order, which differs.
          report: How the subject drew in it.
          has_counters: Whether a training cannot be repeated exactly.
        """
        others, are_all = alternatives(self.recorded)
        best, best_alignment = training, IDENTITY
        agrees, others_agree = self._agrees(training.losses[0]), False
        for alignment in others:
            loss = self._step(alignment)
            if not self._agrees(loss):
                continue
            other = self._train(alignment)
            if not other.differs:
                note = self._note(self.draws.report(), alignment)
                return Result(training=other, note=note, alignment=alignment)
            if not agrees and not others_agree:
                best, best_alignment = other, alignment
            others_agree = True
        # An order of the draws is known to be right if it alone gives the reference's first loss.
        is_known = agrees != others_agree
        if report.doubt:
            reason = f"{_NO_MATCH}: {report.doubt}"
        elif report.eagerly:
            reason = COMPILED
        elif others_agree and has_counters:
            reason = COUNTERS
        elif are_all or is_known or (not agrees and self._differs_without_draws()):
            reason = ""
        else:
            reason = (
                f"the reference draws {len(self.recorded)} random tensors in a training step, and "
                "not all orders can be tried in which the subject may draw them"
            )
        is_told = report.missing or best is not training
        note = self._note(report, best_alignment) if is_told else ""
        return Result(training=best, reason=reason, note=note, alignment=best_alignment)

    def _differs_without_draws(self) -> bool:
        """Tells whether the first loss differs even if each draw is the same number everywhere.

        The order of the draws does not matter then. Dropout keeps all elements if the number is
        nearly 1, or 0 if it keeps those with small numbers; at 0.5, both ways of dropout do the
        same.
        """
        if any(not draw.kind.mirror for draw in self.recorded):
            return False
        pairs = ((_NEARLY_1, _NEARLY_1), (_NEARLY_1, 0.0), (0.5, 0.5))
        for reference, subject in pairs:
            expected = self.constant_loss(reference)
            actual = self._step(Alignment(constant=subject))
            if expected is None or _is_close(expected, actual, _ROUGHLY * self.tolerance):
                return False
        return True

    def _train(self, alignment: Alignment, *, eagerly: bool = False) -> ComparedTraining:
        """Trains the subject on all batches."""
        self.draws.restart(alignment, eagerly=eagerly)
        self.subject.assign(self.record.initial)
        return self.run()

    def _step(self, alignment: Alignment) -> np.ndarray:
        """Trains the subject on the first batch, and returns the loss."""
        self.draws.restart(alignment)
        self.subject.assign(self.record.initial)
        return self.subject.step(self.elements[0])

    def _again(self, *, keeps_counters: bool) -> tuple[np.ndarray, Values]:
        """Trains the subject up to the record's `first_step` again.

        Args:
          keeps_counters: Leaves the variables that are integers as they are. Numbers that the
            subject draws with the step as a seed are then other ones.

        Returns:
          The first loss, and the variables.
        """
        self.draws.restart(IDENTITY)
        values = self.record.initial
        if keeps_counters:
            values = {n: value for n, value in values.items() if value.dtype.kind not in "iu"}
        self.subject.assign(values)
        losses = [self.subject.step(element) for element in self.elements]
        return losses[0], self.subject.read()

    def _agrees(self, loss: np.ndarray) -> bool:
        """Tells whether a loss is the reference's loss of the first step, roughly."""
        return _is_close(self.record.losses[0], loss, _ROUGHLY * self.tolerance)

    def _note(self, report: Report, alignment: Alignment = IDENTITY) -> str:
        count = len(self.recorded)
        tensors = f"{count} random {'tensor' if count == 1 else 'tensors'}"
        if not report.drawn:
            return f"the reference draws {tensors} in a training step, the subject none"
        how = f", {alignment}" if str(alignment) else ""
        how += ", with each tf.function run eagerly" if report.eagerly else ""
        given = report.missing or f"the subject got them{how}"
        return f"the reference draws {tensors} in a training step; {given}"


def _is_close(first: Any, second: Any, tolerance: float) -> bool:
    found = compare("", first, second, tolerance=tolerance, smallest=1e-3)
    return found.outcome is not Outcome.DIFFERENT
