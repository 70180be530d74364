"""The stages of a verification: which arrays of reference and subject are compared, and how."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from estimator_compat.type_aliases import Nest, Variable
from migrate.hosting.graph.random_ops import RandomOp
from migrate.verifying import declarations, initial_values, races, recorder, rounding
from migrate.verifying.comparison import compare, compare_updates
from migrate.verifying.reference import TrainingRecord, Values
from migrate.verifying.reruns import NO_RERUNS, Reruns
from migrate.verifying.verdict import Comparison, Outcome, Stage, Tolerances, skipped_stage, stage

TRAINING = ("gradients", "one step", "steps")


class Stages:
    """Builds the stages from arrays of the reference and the subject.

    Args:
      tolerances: How far apart equivalent numbers may be.

    Attributes:
      tolerances: See above.
    """

    def __init__(self, tolerances: Tolerances) -> None:
        self.tolerances = tolerances

    def variables(
        self,
        reference: TrainingRecord,
        subject: Mapping[str, Variable],
        initial: Values | None,
        own: Values | None = None,
        optimizer_state: Collection[str] = (),
    ) -> tuple[Stage, bool]:
        """Compares the variables' names, shapes and types, and perhaps their initial values.

        Args:
          reference: The reference's training.
          subject: The subject's variables by name.
          initial: The subject's initial values, which must equal the reference's; None if they are
            not to be compared.
          own: The initial values that a loop gives its variables by itself; None if they are not to
            be compared. See `initial_values`.
          optimizer_state: The names of variables that the subject may keep elsewhere.

        Returns:
          The stage, and whether the subject's variables can hold the reference's values.
        """
        declared = [
            declarations.compare(name, value, subject.get(name))
            for name, value in reference.initial.items()
            if name in subject or name in reference.trainable
        ]
        fits = all(each.outcome is Outcome.IDENTICAL for each in declared)
        comparisons, compared = declared, "names, shapes"
        missing = reference.initial.keys() - reference.trainable - subject.keys()
        notes = _elsewhere(missing & set(optimizer_state) - {"global_step"})
        notes += _missing(missing - set(optimizer_state) - set(reference.moving), "the subject")
        notes += _missing(subject.keys() - reference.initial.keys(), "the reference")
        if fits and initial is not None:
            compared += ", initial values"
            comparisons = self._values(reference.initial, initial, self.tolerances.variables, None)
        count = len(comparisons)
        if fits and own is not None:
            found = initial_values.compare_own(
                reference.initial,
                own,
                reference.trainable,
                self.tolerances.variables,
                reference.restored,
            )
            compared += "" if found is None else ", own initial values"
            comparisons = [*comparisons, *(found or ())]
        needed = missing - set(optimizer_state)
        lacks = [declarations.lacking(name) for name in reference.moving if name in needed]
        names = _count(count + len(lacks), "variable")
        return stage("variables", f"{names}: {compared}", [*comparisons, *lacks], notes), fits

    def forward(
        self,
        reference: Nest,
        subject: Nest,
        losses: tuple[Any, Any] | None,
        notes: Sequence[str],
        reruns: Reruns = NO_RERUNS,
    ) -> Stage:
        """Compares predictions with the initial weights, and the loss of the first batch.

        Args:
          reference: The reference's predictions for the first batch; None if there are none.
          subject: The subject's predictions; None if there are none.
          losses: The loss of the reference and of the subject; None if they are not to be compared.
          notes: What is not compared, and why.
          reruns: The reference, trained again: see `Reruns`. Only the loss is forgiven.
        """
        comparisons: list[Comparison] = []
        compared = []
        notes = list(notes)
        if reference is not None and subject is not None:
            comparisons, missing = self._nests(reference, subject, self.tolerances.predictions)
            compared.append("predictions")
            notes += missing
        if losses:
            loss, forgiven = reruns.judge(
                [self._loss(*losses, step=1)],
                lambda rerun: [self._loss(losses[0], rerun.record.losses[0], step=1)],
            )
            comparisons += loss
            notes += forgiven
            compared.append("loss")
        return stage("forward", f"first batch: {', '.join(compared)}", comparisons, notes)

    def gradients(
        self, reference: Values, subject: Mapping[str, Any] | None, reruns: Reruns = NO_RERUNS
    ) -> Stage:
        """Compares the gradients of the first batch's loss, before they are clipped or scaled.

        Args:
          reference: The reference's gradients by variable name.
          subject: The subject's gradients; None if it has no such method.
          reruns: The reference, trained again: see `Reruns`.
        """
        if subject is None:
            return skipped_stage("gradients", "the subject has no `gradients`")
        if not reference:
            return skipped_stage("gradients", "the loss depends on no trainable variable")
        notes = _missing(reference.keys() - subject.keys(), "the subject")
        arrays = {name: np.asarray(value) for name, value in subject.items()}

        comparisons, forgiven = reruns.judge(
            self.gradient_values(reference, arrays),
            lambda rerun: self.gradient_values(reference, rerun.gradients),
        )
        count = _count(len(comparisons), "variable")
        return stage("gradients", f"first batch: {count}", comparisons, [*notes, *forgiven])

    def gradient_values(self, reference: Values, subject: Mapping[str, Any]) -> list[Comparison]:
        """Compares the gradients that both have."""
        return self._values(reference, subject, self.tolerances.gradients, 1)

    def one_step(
        self, reference: TrainingRecord, subject: Values, reruns: Reruns = NO_RERUNS
    ) -> Stage:
        """Compares what the first step added to the variables and slots.

        If the first step does not move each variable, more steps are taken: see
        `TrainingRecord.first_step`.

        Args:
          reference: The reference's training.
          subject: The subject's variables after the same step.
          reruns: The reference, trained again: see `Reruns`.
        """
        comparisons, notes = reruns.judge(
            self.updates(reference, subject),
            lambda rerun: self.updates(reference, rerun.record.first),
        )
        compared = f"{_count(len(comparisons), 'variable')} and slots"
        if reference.first_step > 1:
            compared += f", after step {reference.first_step}"
            notes.append(
                f"step {reference.first_step} is the first one after which each trained variable "
                "has moved"
            )
        if not reference.trains:
            notes.append("the reference's training moves no trainable variable")
        return stage("one step", compared, comparisons, notes)

    def steps(
        self,
        reference: TrainingRecord,
        losses: Sequence[Any],
        variables: Values,
        notes: Sequence[str] = (),
        reruns: Reruns = NO_RERUNS,
    ) -> Stage:
        """Compares the loss of each step, and what all steps added to the variables.

        Args:
          reference: The reference's training.
          losses: The subject's loss of each step.
          variables: The subject's variables after the last step.
          notes: What the subject leaves out.
          reruns: The reference, trained again: see `Reruns`.
        """
        count = len(reference.losses)
        if count != len(losses):
            note = f"{count} steps in the reference, {len(losses)} in the subject"
            wrong = Comparison(name="losses", outcome=Outcome.DIFFERENT, note=note)
            return stage("steps", "the number of steps", [wrong], notes)
        comparisons, forgiven = reruns.judge(
            self.training(reference, losses, variables),
            lambda rerun: self.training(reference, rerun.record.losses, rerun.record.final),
        )
        variable_count = _count(len(comparisons) - count, "variable")
        compared = f"{_count(count, 'loss', 'losses')}; {variable_count}"
        return stage("steps", compared, comparisons, [*notes, *forgiven])

    def movement(self, reference: TrainingRecord, subject: Values, reason: str) -> Stage:
        """Checks that the subject trains, if random ops keep the numbers from being compared.

        What the reference's training moves must move in the subject, too, and the global step must
        be the same.

        Args:
          reference: The reference's training.
          subject: The subject's variables after as many steps.
          reason: Why the numbers are not compared.
        """
        moved = [name for name in reference.moving if name in subject]
        still = set(moved) - set(recorder.moving(reference.initial, subject))
        wrong = [declarations.still(name) for name in moved if name in still]
        if "global_step" in moved and "global_step" not in still:
            step = self._values({"global_step": reference.final["global_step"]}, subject, 0.0, None)
            wrong += [each for each in step if each.outcome is Outcome.DIFFERENT]
        if wrong:
            return stage("steps", f"whether {_count(len(moved), 'variable')} moved", wrong)
        return skipped_stage(
            "steps",
            reason,
            f"{_count(len(moved), 'variable')} that the reference's training moves also moved in "
            "the subject; how far was not compared",
        )

    def updates(self, reference: TrainingRecord, subject: Values) -> list[Comparison]:
        """Compares what the steps up to `first_step` added to the variables."""
        values, step = reference.first, reference.first_step
        return self._added(reference, values, subject, self.tolerances.updates, step)

    def training(
        self, reference: TrainingRecord, losses: Sequence[Any], variables: Values
    ) -> list[Comparison]:
        """Compares the losses of as many steps as both have, and what all steps added."""
        pairs = zip(reference.losses, losses, strict=False)
        tolerance, last = self.tolerances.variables, len(reference.losses)
        return [
            *(self._loss(*pair, step=step) for step, pair in enumerate(pairs, 1)),
            *self._added(reference, reference.final, variables, tolerance, last),
        ]

    def _added(
        self,
        reference: TrainingRecord,
        values: Values,
        subject: Values,
        tolerance: float,
        step: int,
    ) -> list[Comparison]:
        initial = reference.initial
        return [
            compare_updates(
                name, initial[name], value, subject[name], tolerance=tolerance, step=step
            )
            for name, value in values.items()
            if name in subject
        ]

    def second_train(
        self, reference: Sequence[Any], subject: Sequence[Any], start: int, notes: Sequence[str]
    ) -> Stage:
        """Compares the losses of a second training, which begins where the first one ended.

        Args:
          reference: The reference's losses.
          subject: The subject's losses.
          start: How many steps both had made before.
          notes: What is not compared, and why.
        """
        pairs = zip(reference, subject, strict=False)
        losses = [self._loss(*pair, step=step) for step, pair in enumerate(pairs, start + 1)]
        compared = f"a second call of train: {_count(len(losses), 'loss', 'losses')}"
        return stage("second train", compared, losses, notes)

    def evaluation(
        self,
        reference: Mapping[str, Any],
        subject: Mapping[str, Any],
        count: int,
        again: Mapping[str, Any] | None = None,
    ) -> Stage:
        """Compares the metrics of an evaluation.

        Args:
          reference: The reference's metrics by name.
          subject: The subject's metrics.
          count: The number of batches.
          again: The reference's metrics of another evaluation; None if there is none.
        """
        tolerance = self.tolerances.metrics
        comparisons = self._values(reference, subject, tolerance, None)
        if again is not None:
            own = self._values(reference, again, tolerance, None)
            comparisons = races.excuse(comparisons, [own], times=rounding.TIMES)
        compared = f"{_count(count, 'batch', 'batches')}: {_count(len(comparisons), 'metric')}"
        notes = _missing(reference.keys() - subject.keys() - {"global_step"}, "the subject")
        return stage("evaluation", compared, comparisons, notes)

    def predictions(
        self,
        reference: Sequence[Nest],
        subject: Sequence[Nest],
        again: Sequence[Nest] | None = None,
    ) -> Stage:
        """Compares the predictions for each batch.

        Args:
          reference: The reference's predictions.
          subject: The subject's predictions.
          again: What the reference predicts when it is called again; None if it was not.
        """
        if len(reference) != len(subject):
            note = f"{len(reference)} batches in the reference, {len(subject)} in the subject"
            wrong = Comparison(name="batches", outcome=Outcome.DIFFERENT, note=note)
            return stage("predictions", "", [wrong])
        comparisons, notes = self._nests(
            list(reference), list(subject), self.tolerances.predictions
        )
        if again is not None:
            own, _ = self._nests(list(reference), list(again), self.tolerances.predictions)
            comparisons = races.excuse(comparisons, [own], times=rounding.TIMES)
        compared = _count(len(reference), "batch", "batches")
        return stage("predictions", compared, comparisons, notes)

    def _loss(self, reference: Any, subject: Any, *, step: int) -> Comparison:
        return self._compare("loss", reference, subject, self.tolerances.losses, step)

    def _values(
        self,
        reference: Mapping[str, Any],
        subject: Mapping[str, Any],
        tolerance: float,
        step: int | None,
    ) -> list[Comparison]:
        return [
            self._compare(name, value, subject[name], tolerance, step)
            for name, value in reference.items()
            if name in subject
        ]

    def _nests(
        self, reference: Nest, subject: Nest, tolerance: float
    ) -> tuple[list[Comparison], list[str]]:
        expected, actual = dict(leaves(reference)), dict(leaves(subject))
        notes = _missing(expected.keys() - actual.keys(), "the subject")
        return self._values(expected, actual, tolerance, None), notes

    def _compare(
        self, name: str, reference: Any, subject: Any, tolerance: float, step: int | None
    ) -> Comparison:
        smallest = self.tolerances.smallest
        return compare(name, reference, subject, tolerance=tolerance, smallest=smallest, step=step)


def _elsewhere(names: Collection[str]) -> list[str]:
    """Counts the optimizer's variables that are not compared."""
    if not names:
        return []
    count = _count(len(names), "variable")
    are = "is" if len(names) == 1 else "are"
    return [f"{count} of the reference's optimizer {are} not compared, being not in the subject"]


def _missing(names: Collection[str], where: str) -> list[str]:
    return [f"not in {where}: {', '.join(sorted(names))}"] if names else []


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def leaves(nest: Nest, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yields the arrays of a nest with their names: keys and indices, joined by slashes."""
    if isinstance(nest, Mapping):
        items = [(str(key), value) for key, value in nest.items()]
    elif hasattr(nest, "_fields"):  # a named tuple, such as SparseTensorValue
        items = [(field, getattr(nest, field)) for field in nest._fields]
    elif isinstance(nest, list | tuple):
        items = [(str(index), value) for index, value in enumerate(nest)]
    else:
        yield prefix or "predictions", np.asarray(nest)
        return
    for key, value in items:
        yield from leaves(value, f"{prefix}/{key}" if prefix else key)


def not_aligned(name: str, ops: Sequence[RandomOp]) -> Stage:
    """Builds a stage that is not compared because of its random ops."""
    return skipped_stage(name, alignment_note(ops))


def alignment_note(ops: Sequence[RandomOp]) -> str:
    """Names the random ops that draw different numbers in the reference and in the subject."""
    shown = ", ".join(str(op) for op in ops[:3]) + (", ..." if len(ops) > 3 else "")
    return f"random ops that cannot be aligned: {shown}"
