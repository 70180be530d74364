"""`Verification`: one run of `migrate.verify`, stage by stage."""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from estimator_compat.command_line.error_text import describe, raised_here
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Nest
from migrate.hosting.graph.random_ops import RandomOp
from migrate.verifying import stages, subjects, train_steps_stage
from migrate.verifying.aligned_training import AlignedTraining, ComparedTraining
from migrate.verifying.batches import Batches
from migrate.verifying.draws.reference_draws import ReferenceDraws
from migrate.verifying.reference import (
    ForwardPass,
    GraphRequirements,
    Progress,
    Reference,
    TrainingRecord,
)
from migrate.verifying.replayed_adapter import (
    ReplayedAdapter,
    ReplayedProcessAdapter,
    is_replayed,
)
from migrate.verifying.stages import TRAINING
from migrate.verifying.training import Training
from migrate.verifying.verdict import (
    Outcome,
    Stage,
    Verdict,
    skipped_stage,
    with_notes,
)

_T = TypeVar("_T")


def explain_failure(what: str, function: Callable[[], _T]) -> _T:
    """Calls a function of the reference, and explains its error.

    Args:
      what: The function, as the message names it.
      function: Its result is returned.

    Raises:
      ValueError: The function raised an error that is not this package's own.
    """
    try:
        return function()
    except Exception as error:
        if raised_here(error):
            raise
        raise ValueError(
            f"{what} fails: {describe(error).rstrip('.')}; expected it to work with "
            "estimator_compat.Estimator, which is the reference; fix that first, then verify "
            "again."
        ) from error


class Verification:
    """One verification: the reference, the subject, and what was computed so far.

    Args:
      reference: The reference, before training.
      subject: The subject, before training.
      batches: The batches of each mode.
      training: Trains and compares both.
      progress: Is called with a line of text now and then.
      draws: The recordings of the reference's draws, which the subject gets; None if it draws the
        same numbers by itself.
      on_stages: Is called with stages as soon as they are compared.
    """

    def __init__(
        self,
        reference: Reference,
        subject: subjects.SubjectAdapter,
        batches: Mapping[str, Batches],
        training: Training,
        progress: Progress,
        draws: ReferenceDraws | None = None,
        on_stages: Callable[[Sequence[Stage]], object] = lambda _: None,
    ) -> None:
        self._on_stages = on_stages
        self._reference, self._subject, self._batches = reference, subject, batches
        self._training, self._progress = training, progress
        self._stages = training.stages
        self._draws = draws
        self._unaligned: list[RandomOp] = []
        self._untrained: list[str] = []
        self._restart: Callable[[], object] | None = None

    def run(self) -> Verdict:
        """Trains, evaluates and predicts with both, and compares them stage by stage."""
        record = explain_failure(
            "training with the Estimator",
            lambda: self._reference.train(
                self._progress, hooks=[self._draws.training] if self._draws else []
            ),
        )
        forward = self._reference.forward(
            ModeKeys.TRAIN, record.initial, hooks=[self._draws.gradients] if self._draws else []
        )
        self._subject.initialize()
        values = self._subject.read()
        initial, own = (values, None) if self._subject.initializes else (None, values)
        variables, fits = self._stages.variables(
            record, self._subject.variables, initial, own, forward.optimizer_state
        )
        self._on_stages([variables])
        if fits:
            trained = self._reported(self._trained(record, forward))
            many_steps = self._reported(self._many_steps(record, forward))
            used = self._reported([self._evaluation(record)])
            used += self._reported([self._predictions()])
            # It is last, because it saves a checkpoint, and evaluation restores the latest one.
            later = [*trained, *self._second_train(record, forward), *many_steps, *used]
        else:
            names = ("forward", *TRAINING, "evaluation", "predictions")
            later = [skipped_stage(name, "the variables do not match") for name in names]
        return Verdict(
            subject=self._subject.name,
            stages=(variables, *later),
            run_losses=tuple(float(loss) for loss in record.losses),
            subject_losses=tuple(float(loss) for loss in self._training.losses),
            unaligned=tuple(dict.fromkeys(map(str, self._unaligned))),
            tolerances=self._stages.tolerances,
            explanations=tuple(self._training.explanations),
            races=tuple(self._training.races),
            reference_trains=record.trains,
            untrained=tuple(dict.fromkeys(self._untrained)),
        )

    def _reported(self, compared: list[Stage]) -> list[Stage]:
        self._on_stages(compared)
        return compared

    def _trained(self, record: TrainingRecord, forward: ForwardPass) -> list[Stage]:
        """Returns the stages of training, and the forward pass before them."""
        self._progress(f"{self._subject.name}: the first batch")
        self._subject.assign(record.initial)
        predictions, notes = self._first_predictions(record)
        if is_replayed(self._subject) and self._draws:
            return self._trained_with_draws(
                record, forward, predictions, notes, self._subject, self._draws
            )
        if unaligned := self._not_aligned(forward.random):
            return self._not_compared(record, predictions, notes, stages.alignment_note(unaligned))
        return self._training.compare(record, forward, predictions, notes)

    def _not_compared(
        self,
        record: TrainingRecord,
        predictions: tuple[Nest, Nest],
        notes: Sequence[str],
        reason: str,
    ) -> list[Stage]:
        """Returns the stages of a training whose numbers are not compared, for this reason."""
        return [
            self._stages.forward(*predictions, None, [*notes, reason]),
            *self._training.compare_movement(record, reason),
        ]

    def _trained_with_draws(
        self,
        record: TrainingRecord,
        forward: ForwardPass,
        predictions: tuple[Nest, Nest],
        notes: Sequence[str],
        subject: ReplayedAdapter | ReplayedProcessAdapter,
        draws: ReferenceDraws,
    ) -> list[Stage]:
        """Returns the stages of a training in which the subject gets the reference's draws."""
        training = self._training
        if unaligned := draws.training.unrecordable:
            self._unaligned += unaligned
            return self._not_compared(record, predictions, notes, stages.alignment_note(unaligned))

        def run() -> ComparedTraining:
            compared = training.compare(record, forward, predictions, notes)
            return ComparedTraining(
                stages=compared,
                losses=training.losses,
                first=training.first,
                explanations=training.explanations,
            )

        def constant_loss(constant: float) -> np.ndarray | None:
            feeder = draws.feeder(constant)
            self._reference.forward(ModeKeys.TRAIN, record.initial, hooks=[feeder])
            return feeder.loss

        dataset = self._batches[ModeKeys.TRAIN].dataset()
        result = AlignedTraining(
            draws=subject.draws,
            recorded=draws.training.recording.step(0),
            subject=subject,
            record=record,
            elements=list(itertools.islice(iter(dataset), record.first_step)),
            tolerance=self._stages.tolerances.losses,
            constant_loss=constant_loss,
            run=run,
        ).compare()
        if result.reason:
            self._unaligned += forward.random
            training.explanations = []
            return self._not_compared(record, predictions, notes, result.reason)
        self._restart = functools.partial(subject.draws.restart, result.alignment)
        training.losses = result.training.losses
        training.explanations = result.training.explanations
        first, *later = result.training.stages
        return [with_notes(first, result.note), *later]

    def _many_steps(self, record: TrainingRecord, forward: ForwardPass) -> list[Stage]:
        """Compares the subject's method for many steps, if it has one, with that for one."""
        if not self._training.losses:  # training was not compared
            return []
        return train_steps_stage.stages(
            self._subject,
            self._batches[ModeKeys.TRAIN],
            record.initial,
            self._training.losses,
            self._stages.tolerances,
            self._progress,
            is_random=bool(forward.random),
            restart=self._restart,
            trainable=record.trainable,
        )

    def _second_train(self, record: TrainingRecord, forward: ForwardPass) -> list[Stage]:
        """Trains both once more, as a program does that evaluates between two trainings."""
        if any(not op.is_repeatable for op in forward.random):
            return []
        return self._training.compare_second(record)

    def _first_predictions(self, record: TrainingRecord) -> tuple[tuple[Nest, Nest], list[str]]:
        """Predicts the first batch with the initial weights.

        Returns:
          The predictions of the reference and of the subject, and notes. If they cannot be
          compared, both are None, and a note says why.
        """
        nothing = (None, None)
        reference, reason = self._call_reference(
            ModeKeys.PREDICT, lambda: self._reference.forward(ModeKeys.PREDICT, record.initial)
        )
        if reference is None:
            return nothing, [f"predictions: {reason}"]
        if unaligned := self._not_aligned(reference.random):
            return nothing, [f"predictions: {stages.alignment_note(unaligned)}"]
        predictions = self._subject.predict(self._batches[ModeKeys.PREDICT], 1)
        if predictions is None:
            return nothing, ["predictions: the subject has no `predict`"]
        if not predictions:
            return nothing, ["predictions: the subject's `predict` yields nothing"]
        return (reference.values, predictions[0]), []

    def _not_aligned(self, ops: Sequence[RandomOp]) -> list[RandomOp]:
        """Returns the ops that draw different numbers in subject and reference, and stores them."""
        unaligned = [op for op in ops if not (self._subject.is_aligned and op.is_repeatable)]
        self._unaligned += unaligned
        return unaligned

    def _evaluation(self, record: TrainingRecord) -> Stage:
        self._subject.assign(record.final)
        self._progress("evaluating")
        reference, reason = self._call_trained_reference(ModeKeys.EVAL, self._evaluate)
        if reference is None:
            return skipped_stage("evaluation", reason)
        batches = self._batches[ModeKeys.EVAL]
        metrics = self._subject.evaluate(batches)
        if metrics is None:
            return skipped_stage("evaluation", "the subject has no `evaluate`")
        stage = self._stages.evaluation(reference, metrics, len(batches.values))
        if stage.outcome is not Outcome.DIFFERENT:
            return stage
        again, _ = self._call_trained_reference(ModeKeys.EVAL, self._evaluate)
        return self._stages.evaluation(reference, metrics, len(batches.values), again)

    def _predictions(self) -> Stage:
        self._progress("predicting")
        reference, reason = self._call_trained_reference(
            ModeKeys.PREDICT, lambda _: self._reference.predict()
        )
        if reference is None:
            return skipped_stage("predictions", reason)
        predictions = self._subject.predict(self._batches[ModeKeys.PREDICT])
        if predictions is None:
            return skipped_stage("predictions", "the subject has no `predict`")
        stage = self._stages.predictions(reference, predictions)
        if stage.outcome is not Outcome.DIFFERENT:
            return stage
        again, _ = self._call_trained_reference(
            ModeKeys.PREDICT, lambda _: self._reference.predict()
        )
        return self._stages.predictions(reference, predictions, again)

    def _call_trained_reference(
        self, mode: str, function: Callable[[GraphRequirements], _T]
    ) -> tuple[_T | None, str]:
        """Evaluates or predicts with the trained weights, if the mode's graph can be compared.

        Returns:
          The function's result and ""; or None and the reason.
        """
        requirements, reason = self._call_reference(
            mode, lambda: self._reference.graph_requirements(mode)
        )
        if requirements is None:
            return None, reason
        if unaligned := self._not_aligned(requirements.random):
            return None, stages.alignment_note(unaligned)
        if requirements.untrained:
            names = ", ".join(requirements.untrained)
            reason = f"mode {mode!r} has variables that no checkpoint of training has: {names}"
            self._untrained.append(reason)
            return None, reason
        return self._call_reference(mode, lambda: function(requirements))

    def _evaluate(self, requirements: GraphRequirements) -> dict[str, Any]:
        """Evaluates to the input's end if a program that gives no number of steps would end."""
        is_whole = self._batches[ModeKeys.EVAL].is_whole
        return self._reference.evaluate(to_the_end=is_whole and requirements.reads_input)

    def _call_reference(self, mode: str, function: Callable[[], _T]) -> tuple[_T | None, str]:
        """Calls a function of the reference, if the mode has an input and the model_fn runs in it.

        A model_fn that was written for training only may fail in another mode. A hosted loop need
        not do what the reference cannot do.

        Returns:
          The function's result and ""; or None and the reason.
        """
        if mode not in self._batches:
            return None, f"the target has no {mode!r} input_fn"
        try:
            return function(), ""
        except Exception as error:
            return None, f"the model_fn cannot be run in mode {mode!r}: {describe(error)}"
