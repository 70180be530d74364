"""Trains the subject as the reference was trained, and compares the two trainings."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Nest
from migrate.verifying import explanations, races, rounding, subjects
from migrate.verifying.batches import Batches
from migrate.verifying.reference import ForwardPass, Progress, Reference, TrainingRecord, Values
from migrate.verifying.reruns import Rerun, Reruns
from migrate.verifying.stages import Stages
from migrate.verifying.verdict import Comparison, Outcome, Stage, skipped_stage

_SEEDS = (2, 3)  # of perturbed trainings beyond the first
_SECOND_STEPS = 3  # the most steps of a second call of `train`


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SubjectTraining:
    """What the subject computed in training.

    Attributes:
      gradients: The gradients of the first batch; None if the subject has no such method.
      first: The variables after the record's `first_step`.
      final: The variables after the last step.
      losses: The loss of each step.
    """

    gradients: Mapping[str, Any] | None
    first: Values
    final: Values
    losses: Sequence[np.ndarray]


def _different(comparisons: Sequence[Comparison]) -> list[str]:
    return [each.name for each in comparisons if each.outcome is Outcome.DIFFERENT]


class Training:
    """Compares the trainings of the reference and of the subject.

    Args:
      reference: The reference.
      subject: The subject.
      stages: Builds the stages.
      settled: The races that the order of the reference and of a hosted loop settles.
      progress: Is called with a line of text now and then.

    Attributes:
      stages: See above.
      losses: The subject's loss of each step, as far as it has trained.
      first: The subject's variables after the record's `first_step`.
      explanations: What makes the first divergence.
      races: The races that change the numbers of the reference.
    """

    def __init__(
        self,
        reference: Reference,
        subject: subjects.SubjectAdapter,
        stages: Stages,
        settled: races.SettledRaces,
        progress: Progress,
    ) -> None:
        self._reference, self._subject, self._progress = reference, subject, progress
        self._settled = settled
        self.stages = stages
        self.losses: Sequence[np.ndarray] = ()
        self.first: Values = {}
        self.explanations: list[str] = []
        self.races: list[str] = []

    @property
    def _batches(self) -> Batches:
        return self._reference.batches[ModeKeys.TRAIN]

    def compare(
        self,
        record: TrainingRecord,
        forward: ForwardPass,
        predictions: tuple[Nest, Nest],
        notes: Sequence[str],
    ) -> list[Stage]:
        """Trains the subject, and compares: the forward pass, gradients, one step, all steps.

        Args:
          record: The reference's training.
          forward: The reference's gradients of the first batch.
          predictions: The reference's and the subject's predictions for the first batch.
          notes: What is not compared of these predictions, and why.
        """
        subject = self._train(record)
        self.losses, self.first = subject.losses, subject.first
        steps_notes = [*self._subject.notes, *self._settled_notes()]

        def compare(reruns: Reruns) -> list[Stage]:
            losses = (record.losses[0], subject.losses[0])
            return [
                self.stages.forward(*predictions, losses, notes, reruns),
                self.stages.gradients(forward.values, subject.gradients, reruns),
                self.stages.one_step(record, subject.first, reruns),
                self.stages.steps(record, subject.losses, subject.final, steps_notes, reruns),
            ]

        stages = self._compare_with_reruns(record, forward, subject, compare)
        self.explanations = self._explanations(record, forward, subject, stages)
        return stages

    def _train(self, record: TrainingRecord) -> SubjectTraining:
        """Trains the subject from the reference's initial values."""
        subject, batches = self._subject, self._batches
        elements = list(itertools.islice(iter(batches.dataset()), record.first_step))
        gradients = subject.gradients(elements[0])
        subject.assign(record.initial)  # a forward pass may write moving averages and counters
        losses = subject.first_steps(batches, record.first_step)
        first = subject.read()
        if subject.starts_again:
            losses = subject.steps(batches, record.initial, losses[0], self._progress)
        else:
            rest = dataclasses.replace(batches, values=batches.values[len(elements) - 1 :])
            losses[-1:] = subject.steps(rest, record.initial, losses[-1], self._progress)
        return SubjectTraining(
            gradients=gradients, first=first, final=subject.read(), losses=losses
        )

    def _explanations(
        self,
        record: TrainingRecord,
        forward: ForwardPass,
        subject: SubjectTraining,
        stages: Sequence[Stage],
    ) -> list[str]:
        """Explains the first stage that differs."""
        first = next((each for each in stages if each.outcome is Outcome.DIFFERENT), None)
        if first is None:
            return []
        if first.name == "forward":
            losses = (float(record.losses[0]), float(subject.losses[0]))
            return explanations.of_the_loss(self._reference.step_facts(record.initial), *losses)
        if first.name == "gradients":
            wrong = _different(self.stages.gradient_values(forward.values, subject.gradients or {}))
            return explanations.of_gradients(
                record.initial, forward.values, subject.gradients or {}, wrong
            )
        if first.name == "one step":
            facts = self._reference.step_facts(record.initial)
            wrong = _different(self.stages.updates(record, subject.first))
            found = explanations.of_updates(record, subject.first, facts, wrong)
            return [*found, *self._other_order(record, subject)]
        if len(record.losses) != len(subject.losses):
            return explanations.of_the_count(record)
        return self._other_order(record, subject)

    def _other_order(self, record: TrainingRecord, subject: SubjectTraining) -> list[str]:
        """Says so if the subject computes what the reference does in another order."""
        if not self._settled.races:
            return []
        other = self._reference.train_again(
            "writes_first_only", record, self._progress, order=races.writes_first
        )
        # The records begin with the same weights, so that the updates can be compared.
        compared = [
            *self.stages.updates(other, subject.first),
            *self.stages.training(other, subject.losses, subject.final),
        ]
        if _different(compared):
            return []
        race = self._settled.races[0]
        return [
            f"The subject computes what the reference computes if {race.second} writes "
            f"{race.variable} before {race.first} reads it. A session may run these in any order."
        ]

    def _settled_notes(self) -> list[str]:
        return self._settled.notes if self._subject.is_aligned else []

    def _compare_with_reruns(
        self,
        record: TrainingRecord,
        forward: ForwardPass,
        subject: SubjectTraining,
        compare: Callable[[Reruns], list[Stage]],
    ) -> list[Stage]:
        """Compares the stages; while they differ, trains the reference again in another way."""
        reruns, stages = Reruns(), compare(Reruns())
        ways: list[Callable[[Reruns], Reruns]] = [
            # First of all: a perturbed training of a reference that does not repeat its own numbers
            # differs by more than rounding.
            lambda made: self._again(made, record),
            lambda made: self._perturbed(made, record, 1),
            lambda made: self._carried(made, record, forward, subject, stages),
            lambda made: self._in_other_orders(made, record, forward),
            *(self._more(record, subject, seed) for seed in _SEEDS),
        ]
        for way in ways:
            if all(each.outcome is not Outcome.DIFFERENT for each in stages):
                break
            extended = way(reruns)
            if extended is not reruns:
                reruns, stages = extended, compare(extended)
        return stages

    def _perturbed(self, reruns: Reruns, record: TrainingRecord, seed: int) -> Reruns:
        if self.races:
            return reruns
        self._progress("reference: again, from weights one unit in the last place away")
        perturbed = self._reference.train_perturbed(record, self._progress, seed)
        gradients = self._reference.forward(ModeKeys.TRAIN, perturbed.initial).values
        added = Rerun(record=perturbed, gradients=gradients)
        return dataclasses.replace(reruns, perturbed=(*reruns.perturbed, added))

    def _more(
        self, record: TrainingRecord, subject: SubjectTraining, seed: int
    ) -> Callable[[Reruns], Reruns]:
        """Returns a function that adds a perturbed training, if it may change the outcome."""

        def add(reruns: Reruns) -> Reruns:
            close = reruns.may_be_rounding(
                self.stages.updates(record, subject.first),
                lambda rerun: self.stages.updates(record, rerun.record.first),
            ) or reruns.may_be_rounding(
                self.stages.training(record, subject.losses, subject.final),
                lambda rerun: self.stages.training(record, rerun.record.losses, rerun.record.final),
            )
            return self._perturbed(reruns, record, seed) if close else reruns

        return add

    def _carried(
        self,
        reruns: Reruns,
        record: TrainingRecord,
        forward: ForwardPass,
        subject: SubjectTraining,
        stages: Sequence[Stage],
    ) -> Reruns:
        """Carries the differences on that the stage "one step" accepts."""
        one_step = next(each for each in stages if each.name == "one step")
        before = stages[: stages.index(one_step)]
        is_accepted = one_step.outcome is Outcome.EQUIVALENT and all(
            each.outcome is not Outcome.DIFFERENT for each in before
        )
        if self.races or not is_accepted:
            return reruns
        self._progress("reference: again, with updates as far apart as the first ones")
        disturbance = rounding.carry(
            record.initial,
            record.first,
            subject.first,
            sorted(record.first.keys() & subject.first.keys()),
            self.stages.tolerances.updates,
        )
        carried = self._reference.train_again(
            "carried", record, self._progress, disturbance=disturbance
        )
        return dataclasses.replace(
            reruns, carried=(Rerun(record=carried, gradients=forward.values),)
        )

    def _again(self, reruns: Reruns, record: TrainingRecord) -> Reruns:
        """Trains the reference again as before, and as a session does if hosting orders it."""
        self._progress("reference: again, to see whether it repeats itself")
        orders: dict[str, races.Order | None] = {"again": None}
        if self._settled.races:
            orders |= {"unordered": races.unordered, "unordered_again": races.unordered}
        gradients = self._reference.forward(ModeKeys.TRAIN, record.initial).values
        return self._ordered(reruns, record, gradients, orders)

    def _in_other_orders(
        self, reruns: Reruns, record: TrainingRecord, forward: ForwardPass
    ) -> Reruns:
        """Trains the reference in other orders of the operations that still race."""
        if not self._settled.remaining:
            return reruns
        self._progress("reference: again, in other orders of the operations that race")
        return self._ordered(reruns, record, forward.values, races.orders())

    def _ordered(
        self,
        reruns: Reruns,
        record: TrainingRecord,
        gradients: Values,
        orders: Mapping[str, races.Order | None],
    ) -> Reruns:
        records = [
            self._reference.train_again(name, record, self._progress, order=order)
            for name, order in orders.items()
        ]
        is_repeatable = all(
            each.outcome is not Outcome.DIFFERENT
            for again in records
            for each in self.stages.training(record, again.losses, again.final)
        )
        if not is_repeatable:
            self.races = races.sentences(self._settled.remaining or self._settled.races)
        made = (Rerun(record=each, gradients=gradients) for each in records)
        return dataclasses.replace(reruns, again=(*reruns.again, *made))

    def compare_movement(self, record: TrainingRecord, reason: str) -> list[Stage]:
        """Trains the subject, and checks that what must move moves.

        Args:
          record: The reference's training.
          reason: Why random ops keep the numbers from being compared.
        """
        self._subject.assign(record.initial)
        subject = self._train(record)
        self.losses = subject.losses
        return [
            *(skipped_stage(name, reason) for name in ("gradients", "one step")),
            self.stages.movement(record, subject.final, reason),
        ]

    def compare_second(self, record: TrainingRecord) -> list[Stage]:
        """Compares a second training, which begins with the reference's trained variables.

        Returns:
          The stage; none if the subject does nothing special when a training begins, or the
          reference does not repeat its own numbers.
        """
        if self.races:
            return []
        batches = self._batches
        batches = dataclasses.replace(batches, values=batches.values[:_SECOND_STEPS])
        self._subject.assign(record.final)
        subject = self._subject.train_again(batches)
        if subject is None:
            return []
        self._progress("a second call of train")
        reference = self._reference.train_on(len(batches.values))
        return [self.stages.second_train(reference, list(subject), len(record.losses), [])]
