"""What makes the steps of the training binary: an Estimator, or a TF2 loop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """The end of a training.

    Attributes:
      step: The global step.
      loss: The loss of the last step; None if no step was made.
    """

    step: int
    loss: Any


class Engine(Protocol):
    """Trains, evaluates, predicts and exports as `TrainSettings` say.

    An engine is made with the settings and a display, on which it shows its progress. It keeps
    checkpoints and event files in the model_dir.
    """

    def latest_checkpoint(self) -> str | None:
        """Returns the latest checkpoint of the model_dir; None if there is none."""

    def train(self, after_save: Callable[[], object] | None = None) -> TrainingResult | None:
        """Trains, and goes on from the latest checkpoint if there is one.

        Args:
          after_save: Is called after each checkpoint of the training except the first, which has
            the weights before the training.

        Returns:
          The result; None if the latest checkpoint is at `max_steps` or beyond.
        """

    def evaluate(self, checkpoint: str) -> dict[str, Any]:
        """Evaluates a checkpoint, and returns the metrics with `loss` and `global_step`."""

    def predict(self, checkpoint: str) -> Iterator[Any]:
        """Yields the prediction for each example: an array, or a dict of arrays."""

    def export(self, checkpoint: str) -> str | None:
        """Writes a SavedModel to a new folder below `export_dir`, and returns its path.

        None if this process is a worker, for which the chief writes it.
        """
