"""The stages of a verification: which arrays of the run and the subject are compared, and how."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from migrate.verifying import rounding
from migrate.verifying.comparison import compare, compare_updates
from migrate.verifying.reference import Trained, Values
from migrate.verifying.verdict import Comparison, Outcome, Stage, Tolerances, skipped, stage


class Stages:
    """Makes stages with given tolerances."""

    def __init__(self, tolerances: Tolerances) -> None:
        self._tolerances = tolerances

    def variables(
        self, run: Trained, subject: Mapping[str, Any], initial: Values | None
    ) -> tuple[Stage, bool]:
        """Compares names, shapes, types and, where they are given, the subject's initial values.

        Args:
          subject: Its `tf.Variable`s by name.

        Returns:
          The stage, and whether the subject can take the run's values.
        """
        declared = [
            _declared(name, value, subject.get(name))
            for name, value in run.initial.items()
            if name in subject or name in run.trainable
        ]
        fits = all(one.outcome is Outcome.IDENTICAL for one in declared)
        found, compared = declared, "names, shapes"
        notes = _missing(run.initial.keys() - run.trainable - subject.keys(), "the subject")
        notes += _missing(subject.keys() - run.initial.keys(), "the run")
        if fits and initial is not None:
            compared += ", initial values"
            found = self._values(run.initial, initial, self._tolerances.variables, None)
        elif fits:
            notes.append("the subject was given the run's initial values")
        count = _count(len(found), "variable")
        return stage("variables", f"{count}: {compared}", found, notes), fits

    def forward(
        self, run: Any, subject: Any, losses: tuple[Any, Any] | None, notes: Sequence[str]
    ) -> Stage:
        """Compares predictions with the initial weights, and the loss of the first batch."""
        found: list[Comparison] = []
        compared = []
        notes = list(notes)
        if run is not None and subject is not None:
            found, missing = self._nests(run, subject, self._tolerances.predictions)
            compared.append("predictions")
            notes += missing
        if losses:
            found.append(self._loss(*losses, step=1))
            compared.append("loss")
        return stage("forward", f"first batch: {', '.join(compared)}", found, notes)

    def gradients(
        self, run: Values, subject: Mapping[str, Any] | None, moved: Values | None = None
    ) -> Stage:
        """Compares the gradients of the first batch's loss, before anything is done to them.

        Args:
          moved: Those of the run with moved weights, if rounding is to be forgiven: see `rounding`.
        """
        if subject is None:
            return skipped("gradients", "the subject has no `gradients`")
        if not run:
            return skipped("gradients", "the loss depends on no trainable variable")
        notes = _missing(run.keys() - subject.keys(), "the subject")
        arrays = {name: np.asarray(value) for name, value in subject.items()}
        found = self._values(run, arrays, self._tolerances.gradients, 1)
        if moved:
            own = self._values(run, moved, self._tolerances.gradients, 1)
            found, forgiven = rounding.forgiven(found, own)
            notes += forgiven
        count = _count(len(found), "variable")
        return stage("gradients", f"first batch: {count}", found, notes)

    def one_step(self, run: Trained, subject: Values, moved: Trained | None = None) -> Stage:
        """Compares what the first step made of the variables and slots.

        Args:
          moved: The run from moved weights, if rounding is to be forgiven: see `rounding`.
        """
        found = self._updates(run, subject)
        notes: list[str] = []
        if moved:
            found, notes = rounding.forgiven(found, self._updates(run, moved.first))
        return stage("one step", f"{_count(len(found), 'variable')} and slots", found, notes)

    def steps(
        self,
        run: Trained,
        losses: Sequence[Any],
        variables: Values,
        notes: Sequence[str] = (),
        moved: Trained | None = None,
    ) -> Stage:
        """Compares the loss of each step, and then the variables."""
        count = len(run.losses)
        if count != len(losses):
            note = f"{count} steps in the run, {len(losses)} in the subject"
            wrong = Comparison(name="losses", outcome=Outcome.DIFFERENT, note=note)
            return stage("steps", "the number of steps", [wrong], notes)
        found = self._trained(run, losses, variables)
        forgiven: list[str] = []
        if moved:
            own = self._trained(run, moved.losses, moved.final)
            found, forgiven = rounding.forgiven(found, own)
        compared = f"{_count(count, 'loss', 'losses')}; {_count(len(found) - count, 'variable')}"
        return stage("steps", compared, found, [*notes, *forgiven])

    def _updates(self, run: Trained, subject: Values) -> list[Comparison]:
        tolerance, initial = self._tolerances.updates, run.initial
        return [
            compare_updates(name, initial[name], value, subject[name], tolerance=tolerance, step=1)
            for name, value in run.first.items()
            if name in subject
        ]

    def _trained(self, run: Trained, losses: Sequence[Any], variables: Values) -> list[Comparison]:
        pairs = zip(run.losses, losses, strict=True)
        found = [self._loss(a, b, step=step) for step, (a, b) in enumerate(pairs, 1)]
        return [
            *found,
            *self._values(run.final, variables, self._tolerances.variables, len(losses)),
        ]

    def evaluation(self, run: Mapping[str, Any], subject: Mapping[str, Any], count: int) -> Stage:
        """Compares metrics."""
        found = self._values(run, subject, self._tolerances.metrics, None)
        compared = f"{_count(count, 'batch', 'batches')}: {_count(len(found), 'metric')}"
        notes = _missing(run.keys() - subject.keys(), "the subject")
        return stage("evaluation", compared, found, notes)

    def predictions(self, run: Sequence[Any], subject: Sequence[Any]) -> Stage:
        """Compares the predictions for each batch."""
        if len(run) != len(subject):
            note = f"{len(run)} batches in the run, {len(subject)} in the subject"
            wrong = Comparison(name="batches", outcome=Outcome.DIFFERENT, note=note)
            return stage("predictions", "", [wrong])
        found, notes = self._nests(list(run), list(subject), self._tolerances.predictions)
        return stage("predictions", _count(len(run), "batch", "batches"), found, notes)

    def _loss(self, run: Any, subject: Any, *, step: int) -> Comparison:
        return self._compare("loss", run, subject, self._tolerances.losses, step)

    def _values(
        self, run: Mapping[str, Any], subject: Mapping[str, Any], tolerance: float, step: int | None
    ) -> list[Comparison]:
        return [
            self._compare(name, value, subject[name], tolerance, step)
            for name, value in run.items()
            if name in subject
        ]

    def _nests(
        self, run: Any, subject: Any, tolerance: float
    ) -> tuple[list[Comparison], list[str]]:
        arrays, others = dict(_leaves(run)), dict(_leaves(subject))
        notes = _missing(arrays.keys() - others.keys(), "the subject")
        return self._values(arrays, others, tolerance, None), notes

    def _compare(
        self, name: str, run: Any, subject: Any, tolerance: float, step: int | None
    ) -> Comparison:
        smallest = self._tolerances.smallest
        return compare(name, run, subject, tolerance=tolerance, smallest=smallest, step=step)


def _declared(name: str, run: np.ndarray, variable: Any) -> Comparison:
    """Compares a variable's shape and type; the subject's is None where it is missing."""
    ours = (list(run.shape), run.dtype.name)
    if variable is None:
        note = "the subject has no variable of this name"
    elif (theirs := (list(variable.shape), variable.dtype.name)) != _as_declared(ours):
        note = f"{_described(ours)} in the run, {_described(theirs)} in the subject"
    else:
        return Comparison(name=name, outcome=Outcome.IDENTICAL)
    return Comparison(name=name, outcome=Outcome.DIFFERENT, note=note)


def _described(value: tuple[list[int], str]) -> str:
    return f"{value[1]} of shape {value[0]}"


def _as_declared(value: tuple[list[int], str]) -> tuple[list[int], str]:
    shape, kind = value
    return shape, "string" if kind == "object" else kind


def _missing(names: Collection[str], side: str) -> list[str]:
    return [f"not in {side}: {', '.join(sorted(names))}"] if names else []


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _leaves(nest: Any, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a nest with their names: keys and indices, joined by slashes."""
    if isinstance(nest, Mapping):
        parts = [(str(key), value) for key, value in nest.items()]
    elif hasattr(nest, "_fields"):  # a named tuple, as SparseTensorValue
        parts = [(field, getattr(nest, field)) for field in nest._fields]
    elif isinstance(nest, list | tuple):
        parts = [(str(index), value) for index, value in enumerate(nest)]
    else:
        yield prefix or "predictions", np.asarray(nest)
        return
    for key, value in parts:
        yield from _leaves(value, f"{prefix}/{key}" if prefix else key)


def not_aligned(name: str, ops: Sequence[Any]) -> Stage:
    """A stage that random ops forbid."""
    shown = ", ".join(str(op) for op in ops[:3]) + (", ..." if len(ops) > 3 else "")
    return skipped(name, f"random ops that cannot be aligned: {shown}")
