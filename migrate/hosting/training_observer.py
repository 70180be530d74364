"""What may watch a training loop: a progress display, or an evaluation of each checkpoint."""

from typing import Protocol

import numpy as np


class TrainingObserver(Protocol):
    """Is told what a training loop did, whenever the loop returns to Python."""

    def stepped(self, step: int, loss: np.generic) -> None:
        """Is called after steps, with the global step and the loss of the last step."""

    def saved(self, step: int) -> None:
        """Is called after a checkpoint was written at a global step during the training."""
