"""Adapters of foreign loops that get the reference's draws in training."""

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from estimator_compat.type_aliases import Nest
from migrate.verifying.batches import Batches
from migrate.verifying.draws.alignments import IDENTITY, Alignment
from migrate.verifying.draws.subject_replay import Report, SubjectReplay
from migrate.verifying.subject_process import SubjectProcess
from migrate.verifying.subjects import ProcessAdapter, SubjectAdapter


class ReplayedAdapter(SubjectAdapter):
    """The calls that the stages make to a loop in this process.

    Args:
      adapter: The loop's adapter.
      draws: The draws that its calls get.
    """

    def __init__(self, adapter: SubjectAdapter, draws: SubjectReplay) -> None:
        self.calls = adapter.calls
        self.draws = draws

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss, with the draws of the reference's gradients."""
        call = super().gradients
        return self.draws.gradients(lambda: call(element))

    def step(self, element: Nest) -> np.ndarray:
        """Trains on one batch with the draws of the next step, and returns its loss."""
        call = super().step
        return self.draws.steps(lambda: call(element))

    def train_steps(self, batches: Batches, counts: list[int]) -> list[np.ndarray]:
        """Calls `train_steps` for several counts, with the draws of as many steps."""
        call = super().train_steps
        return self.draws.steps(lambda: call(batches, counts), sum(counts))

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        call = super().evaluate
        return self.draws.own(lambda: call(batches))

    def predict(self, batches: Batches, limit: int | None = None) -> list[Nest] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`."""
        call = super().predict
        return self.draws.own(lambda: call(batches, limit))


class ReplayedProcessAdapter(ProcessAdapter):
    """The calls that the stages make to a loop in a process of its own, which replays the draws.

    Args:
      process: The subject's process.
      folder: The folder of the recordings.
    """

    def __init__(self, process: SubjectProcess, folder: str) -> None:
        super().__init__(process)
        process.call("replay", folder)
        self.draws = ProcessDraws(process)


class ProcessDraws:
    """The draws that the subject of another process gets: see `SubjectReplay`.

    Args:
      process: The subject's process.
    """

    def __init__(self, process: SubjectProcess) -> None:
        self._process = process

    def restart(self, alignment: Alignment = IDENTITY, *, eagerly: bool = False) -> None:
        """Begins with the first step again."""
        order, mirrored = list(alignment.order), sorted(alignment.mirrored)
        self._process.call("restart", order, mirrored, alignment.constant, eagerly)

    def report(self) -> Report:
        """Returns how the subject drew since `restart`."""
        return Report(**self._process.call("report"))


def replayed(adapter: SubjectAdapter, folder: str) -> ReplayedAdapter | ReplayedProcessAdapter:
    """Returns an adapter whose subject gets the draws of the reference.

    Args:
      adapter: The adapter of a loop that is not hosted.
      folder: The folder of the recordings.
    """
    if isinstance(adapter, ProcessAdapter):
        return ReplayedProcessAdapter(adapter.process, folder)
    return ReplayedAdapter(adapter, SubjectReplay(folder))


def is_replayed(
    adapter: SubjectAdapter,
) -> TypeGuard[ReplayedAdapter | ReplayedProcessAdapter]:
    """Tells whether `replayed` returned an adapter."""
    return isinstance(adapter, ReplayedAdapter | ReplayedProcessAdapter)
