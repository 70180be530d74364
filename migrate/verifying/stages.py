"""The stages of a verification: which arrays of reference and subject are compared, and how."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from estimator_compat.type_aliases import Nest, Variable
from migrate.hosting.graph.random_ops import RandomOp
from migrate.verifying import initial_values, rounding
from migrate.verifying.comparison import compare, compare_updates
from migrate.verifying.reference import TrainingRecord, Values
from migrate.verifying.verdict import Comparison, Outcome, Stage, Tolerances, skipped_stage, stage


class Stages:
    """Builds the stages from arrays of the reference and the subject.

    Args:
      tolerances: How far apart equivalent numbers may be.
    """

    def __init__(self, tolerances: Tolerances) -> None:
        self._tolerances = tolerances

    def variables(
        self,
        reference: TrainingRecord,
        subject: Mapping[str, Variable],
        initial: Values | None,
        own: Values | None = None,
    ) -> tuple[Stage, bool]:
        """Compares the variables' names, shapes and types, and perhaps their initial values.

        Args:
          reference: The reference's training.
          subject: The subject's variables by name.
          initial: The subject's initial values, which must equal the reference's; None if they are
            not to be compared.
          own: The initial values that a loop gives its variables by itself; None if they are not to
            be compared. See `initial_values`.

        Returns:
          The stage, and whether the subject's variables can hold the reference's values.
        """
        declarations = [
            _compare_declarations(name, value, subject.get(name))
            for name, value in reference.initial.items()
            if name in subject or name in reference.trainable
        ]
        fits = all(each.outcome is Outcome.IDENTICAL for each in declarations)
        comparisons, compared = declarations, "names, shapes"
        notes = _missing(
            reference.initial.keys() - reference.trainable - subject.keys(), "the subject"
        )
        notes += _missing(subject.keys() - reference.initial.keys(), "the reference")
        if fits and initial is not None:
            compared += ", initial values"
            comparisons = self._values(reference.initial, initial, self._tolerances.variables, None)
        elif fits:
            notes.append("the subject was given the reference's initial values")
        if fits and own is not None:
            found = initial_values.compare_own(
                reference.initial, own, reference.trainable, self._tolerances.variables
            )
            compared += "" if found is None else ", own initial values"
            comparisons = [*declarations, *(found or ())]
        count = _count(len(declarations), "variable")
        return stage("variables", f"{count}: {compared}", comparisons, notes), fits

    def forward(
        self,
        reference: Nest,
        subject: Nest,
        losses: tuple[Any, Any] | None,
        notes: Sequence[str],
    ) -> Stage:
        """Compares predictions with the initial weights, and the loss of the first batch.

        Args:
          reference: The reference's predictions for the first batch; None if there are none.
          subject: The subject's predictions; None if there are none.
          losses: The loss of the reference and of the subject; None if they are not to be compared.
          notes: What is not compared, and why.
        """
        comparisons: list[Comparison] = []
        compared = []
        notes = list(notes)
        if reference is not None and subject is not None:
            comparisons, missing = self._nests(reference, subject, self._tolerances.predictions)
            compared.append("predictions")
            notes += missing
        if losses:
            comparisons.append(self._loss(*losses, step=1))
            compared.append("loss")
        return stage("forward", f"first batch: {', '.join(compared)}", comparisons, notes)

    def gradients(
        self,
        reference: Values,
        subject: Mapping[str, Any] | None,
        perturbed: Values | None = None,
    ) -> Stage:
        """Compares the gradients of the first batch's loss, before they are clipped or scaled.

        Args:
          reference: The reference's gradients by variable name.
          subject: The subject's gradients; None if it has no such method.
          perturbed: The reference's gradients with perturbed weights, to forgive rounding; None
            forgives none. See `rounding`.
        """
        if subject is None:
            return skipped_stage("gradients", "the subject has no `gradients`")
        if not reference:
            return skipped_stage("gradients", "the loss depends on no trainable variable")
        notes = _missing(reference.keys() - subject.keys(), "the subject")
        arrays = {name: np.asarray(value) for name, value in subject.items()}
        comparisons = self._values(reference, arrays, self._tolerances.gradients, 1)
        if perturbed:
            sensitivities = self._values(reference, perturbed, self._tolerances.gradients, 1)
            comparisons, forgiven = rounding.forgive(comparisons, sensitivities)
            notes += forgiven
        count = _count(len(comparisons), "variable")
        return stage("gradients", f"first batch: {count}", comparisons, notes)

    def one_step(
        self, reference: TrainingRecord, subject: Values, perturbed: TrainingRecord | None = None
    ) -> Stage:
        """Compares what the first step added to the variables and slots.

        Args:
          reference: The reference's training.
          subject: The subject's variables after one step.
          perturbed: The reference's training from perturbed weights, to forgive rounding; None
            forgives none. See `rounding`.
        """
        comparisons = self._updates(reference, subject)
        notes: list[str] = []
        if perturbed:
            sensitivities = self._updates(reference, perturbed.first)
            comparisons, notes = rounding.forgive(comparisons, sensitivities)
        compared = f"{_count(len(comparisons), 'variable')} and slots"
        return stage("one step", compared, comparisons, notes)

    def steps(
        self,
        reference: TrainingRecord,
        losses: Sequence[Any],
        variables: Values,
        notes: Sequence[str] = (),
        perturbed: TrainingRecord | None = None,
    ) -> Stage:
        """Compares the loss of each step, and the variables after the last one.

        Args:
          reference: The reference's training.
          losses: The subject's loss of each step.
          variables: The subject's variables after the last step.
          notes: What the subject leaves out.
          perturbed: The reference's training from perturbed weights, to forgive rounding; None
            forgives none. See `rounding`.
        """
        count = len(reference.losses)
        if count != len(losses):
            note = f"{count} steps in the reference, {len(losses)} in the subject"
            wrong = Comparison(name="losses", outcome=Outcome.DIFFERENT, note=note)
            return stage("steps", "the number of steps", [wrong], notes)
        comparisons = self._training(reference, losses, variables)
        forgiven: list[str] = []
        if perturbed:
            sensitivities = self._training(reference, perturbed.losses, perturbed.final)
            comparisons, forgiven = rounding.forgive(comparisons, sensitivities)
        variable_count = _count(len(comparisons) - count, "variable")
        compared = f"{_count(count, 'loss', 'losses')}; {variable_count}"
        return stage("steps", compared, comparisons, [*notes, *forgiven])

    def _updates(self, reference: TrainingRecord, subject: Values) -> list[Comparison]:
        tolerance, initial = self._tolerances.updates, reference.initial
        return [
            compare_updates(name, initial[name], value, subject[name], tolerance=tolerance, step=1)
            for name, value in reference.first.items()
            if name in subject
        ]

    def _training(
        self, reference: TrainingRecord, losses: Sequence[Any], variables: Values
    ) -> list[Comparison]:
        pairs = zip(reference.losses, losses, strict=True)
        last = len(losses)
        return [
            *(self._loss(*pair, step=step) for step, pair in enumerate(pairs, 1)),
            *self._values(reference.final, variables, self._tolerances.variables, last),
        ]

    def evaluation(
        self, reference: Mapping[str, Any], subject: Mapping[str, Any], count: int
    ) -> Stage:
        """Compares the metrics of an evaluation.

        Args:
          reference: The reference's metrics by name.
          subject: The subject's metrics.
          count: The number of batches.
        """
        comparisons = self._values(reference, subject, self._tolerances.metrics, None)
        compared = f"{_count(count, 'batch', 'batches')}: {_count(len(comparisons), 'metric')}"
        notes = _missing(reference.keys() - subject.keys(), "the subject")
        return stage("evaluation", compared, comparisons, notes)

    def predictions(self, reference: Sequence[Nest], subject: Sequence[Nest]) -> Stage:
        """Compares the predictions for each batch."""
        if len(reference) != len(subject):
            note = f"{len(reference)} batches in the reference, {len(subject)} in the subject"
            wrong = Comparison(name="batches", outcome=Outcome.DIFFERENT, note=note)
            return stage("predictions", "", [wrong])
        comparisons, notes = self._nests(
            list(reference), list(subject), self._tolerances.predictions
        )
        compared = _count(len(reference), "batch", "batches")
        return stage("predictions", compared, comparisons, notes)

    def _loss(self, reference: Any, subject: Any, *, step: int) -> Comparison:
        return self._compare("loss", reference, subject, self._tolerances.losses, step)

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
        expected, actual = dict(_leaves(reference)), dict(_leaves(subject))
        notes = _missing(expected.keys() - actual.keys(), "the subject")
        return self._values(expected, actual, tolerance, None), notes

    def _compare(
        self, name: str, reference: Any, subject: Any, tolerance: float, step: int | None
    ) -> Comparison:
        smallest = self._tolerances.smallest
        return compare(name, reference, subject, tolerance=tolerance, smallest=smallest, step=step)


def _compare_declarations(name: str, value: np.ndarray, variable: Variable) -> Comparison:
    """Compares a variable's shape and type.

    Args:
      name: The variable's name.
      value: The value of the reference's variable.
      variable: The subject's variable; None if it has none of this name.
    """
    expected = (list(value.shape), value.dtype.name)
    if variable is None:
        note = "the subject has no variable of this name"
    elif (actual := (list(variable.shape), variable.dtype.name)) != _declaration(expected):
        note = f"{_described(expected)} in the reference, {_described(actual)} in the subject"
    else:
        return Comparison(name=name, outcome=Outcome.IDENTICAL)
    return Comparison(name=name, outcome=Outcome.DIFFERENT, note=note)


def _described(shape_and_type: tuple[list[int], str]) -> str:
    return f"{shape_and_type[1]} of shape {shape_and_type[0]}"


def _declaration(shape_and_type: tuple[list[int], str]) -> tuple[list[int], str]:
    """Renames NumPy's type of strings to TensorFlow's."""
    shape, dtype = shape_and_type
    return shape, "string" if dtype == "object" else dtype


def _missing(names: Collection[str], where: str) -> list[str]:
    return [f"not in {where}: {', '.join(sorted(names))}"] if names else []


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _leaves(nest: Nest, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
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
        yield from _leaves(value, f"{prefix}/{key}" if prefix else key)


def not_aligned(name: str, ops: Sequence[RandomOp]) -> Stage:
    """Builds a stage that is not compared because of its random ops."""
    return skipped_stage(name, alignment_note(ops))


def alignment_note(ops: Sequence[RandomOp]) -> str:
    """Names the random ops that draw different numbers in the reference and in the subject."""
    shown = ", ".join(str(op) for op in ops[:3]) + (", ..." if len(ops) > 3 else "")
    return f"random ops that cannot be aligned: {shown}"
