"""The session hook that shows the progress of training or evaluation on a display."""

from typing import Any

import tensorflow as tf

from estimator_compat.command_line.progress_display import Display, Stage
from estimator_compat.type_aliases import Session

tf1: Any = tf.compat.v1


class ProgressHook(tf1.train.SessionRunHook):
    """Shows the steps of a training with their loss, or the batches of an evaluation.

    Args:
      display: Shows the progress.
      label: The name of the stage on the display.
      total: The last global step, or the number of batches; None if the input's end decides.
      training: Whether global steps are counted (True) or batches (False).

    Attributes:
      position: The last global step, or the number of batches so far.
      loss: The loss of the last step; None in an evaluation.
    """

    def __init__(self, display: Display, label: str, *, total: int | None, training: bool) -> None:
        self._display, self._label, self._total = display, label, total
        self._training = training
        self._stage: Stage | None = None
        self.position = 0
        self.loss: Any = None

    @property
    def began(self) -> bool:
        """Whether a session was created. If there was nothing to train, none was."""
        return self._stage is not None

    def begin(self) -> None:
        """Finds the tensors to fetch."""
        self._global_step = tf1.train.get_global_step()
        # The Estimator adds the model_fn's loss to this collection last. The Estimator itself
        # fetches the loss at each step. Fetching it here, too, therefore costs nothing.
        losses = tf1.get_collection(tf1.GraphKeys.LOSSES) if self._training else []
        self._fetches = tf1.train.SessionRunArgs(losses[-1]) if losses else None

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Begins the stage at the global step of the session."""
        del coord
        self.position = self._shown = self._read(session, otherwise=0)
        if self._stage is None:
            self._stage = self._display.stage(
                self._label,
                unit="step" if self._training else "batch",
                start=self.position,
                total=self._total,
            )

    def before_run(self, run_context: Any) -> Any:
        """Asks for the loss."""
        del run_context
        return self._fetches

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Counts the step or batch, and shows it when it is due."""
        self.position += 1
        self.loss = run_values.results
        assert self._stage is not None
        if self._stage.due(self.position):
            # The train_op of a model_fn may add another number than one to the global step.
            self.position = self._read(run_context.session, otherwise=self.position)
            self._show()

    def end(self, session: Session) -> None:
        """Shows the last step and ends the stage."""
        self.position = self._read(session, otherwise=self.position)
        if self._training and self.position != self._shown:
            self._show()
        if self._stage is not None:
            self._stage.close()

    def _read(self, session: Session, *, otherwise: int) -> int:
        return int(session.run(self._global_step)) if self._training else otherwise

    def _show(self) -> None:
        assert self._stage is not None
        self._shown = self.position
        self._stage.show(self.position, None if self.loss is None else float(self.loss))
