"""`ReplayedCalls`: the calls to a subject that gets the reference's draws, in its own process."""

import dataclasses
from typing import Any

import numpy as np

from migrate.verifying.subject_calls import quiet_imports
from migrate.verifying.subject_calls.calls import SubjectCalls


class ReplayedCalls(SubjectCalls):
    """The methods of a subject, called with the draws of the reference.

    Args:
      calls: The subject's methods.
      folder: The folder of the recordings.
    """

    def __init__(self, calls: SubjectCalls, folder: str) -> None:
        super().__init__(calls.subject, calls.name)
        with quiet_imports.without_legacy_keras():
            from migrate.verifying.draws.alignments import Alignment
            from migrate.verifying.draws.subject_replay import SubjectReplay
        self._alignment, self._replay = Alignment, SubjectReplay(folder)

    def restart(
        self, order: list[int], mirrored: list[int], constant: float | None, eagerly: bool
    ) -> None:
        """Begins with the first step again; takes the parts of an `Alignment`."""
        alignment = self._alignment(
            order=tuple(order), mirrored=frozenset(mirrored), constant=constant
        )
        self._replay.restart(alignment, eagerly=eagerly)

    def report(self) -> dict[str, Any]:
        """Returns the parts of a `Report` on the draws since `restart`."""
        return dataclasses.asdict(self._replay.report())

    def gradients(self, element: Any) -> dict[str, np.ndarray] | None:
        """Returns the gradients of a batch's loss, with the draws of the reference's gradients."""
        call = super().gradients
        return self._replay.gradients(lambda: call(element))

    def step(self, element: Any) -> np.ndarray:
        """Trains on one batch with the draws of the next step, and returns its loss."""
        call = super().step
        return self._replay.steps(lambda: call(element))

    def train_steps(self, dataset: Any, counts: list[int]) -> list[np.ndarray]:
        """Calls `train_steps` for several counts, with the draws of as many steps."""
        call = super().train_steps
        return self._replay.steps(lambda: call(dataset, counts), sum(counts))

    def evaluate(self, dataset: Any) -> dict[str, np.ndarray] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        call = super().evaluate
        return self._replay.own(lambda: call(dataset))

    def predict(self, dataset: Any) -> list[Any] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`."""
        call = super().predict
        return self._replay.own(lambda: call(dataset))
