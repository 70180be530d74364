"""The reference's side of a replay: where its draws are recorded."""

from migrate.verifying.draws.recorder import DrawFeeder, DrawRecorder
from migrate.verifying.draws.recording import Recording


class ReferenceDraws:
    """The recordings of a reference's training.

    Args:
      folder: Where the files are.

    Attributes:
      folder: See above.
      training: The hook that records each step of the training.
      gradients: The hook that records the computation of the first batch's gradients.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.training = DrawRecorder(Recording(f"{folder}/training"))
        self.gradients = DrawRecorder(Recording(f"{folder}/gradients"))

    def feeder(self, constant: float) -> DrawFeeder:
        """Returns a hook that computes the first batch's loss with the same number everywhere.

        Args:
          constant: The number: see `Draw.filled`.
        """
        return DrawFeeder([draw.filled(constant) for draw in self.gradients.recording.step(0)])
