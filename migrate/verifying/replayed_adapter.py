"""`ReplayedAdapter`: the calls to a foreign loop, which gets the reference's draws in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from estimator_compat.type_aliases import Nest
from migrate.verifying.batches import Batches
from migrate.verifying.draws.subject_replay import SubjectReplay
from migrate.verifying.subjects import Subject, SubjectAdapter


class ReplayedAdapter(SubjectAdapter):
    """The calls that the stages make to a loop with `variables` and `train_step`.

    Args:
      subject: The loop.
      draws: The draws that its calls get.
    """

    def __init__(self, subject: Subject, draws: SubjectReplay) -> None:
        super().__init__(subject)
        self.draws = draws

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss, with the draws of the reference's gradients."""
        call = super().gradients
        return self.draws.gradients(lambda: call(element))

    def step(self, element: Nest) -> np.ndarray:
        """Trains on one batch with the draws of the next step, and returns its loss."""
        call = super().step
        return self.draws.steps(lambda: call(element))

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        call = super().evaluate
        return self.draws.own(lambda: call(batches))

    def predict(self, batches: Batches, limit: int | None = None) -> list[Nest] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`."""
        call = super().predict
        return self.draws.own(lambda: call(batches, limit))
