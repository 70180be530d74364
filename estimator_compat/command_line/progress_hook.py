"""The session hook that tells a display how far training or evaluation is."""

from typing import Any

import tensorflow as tf

from estimator_compat.command_line.progress_display import Display, Stage

tf1: Any = tf.compat.v1


class ProgressHook(tf1.train.SessionRunHook):
    """Shows the steps of a training with their loss, or the batches of an evaluation.

    Args:
      display: Where to show it.
      label: What the stage is called there.
      total: The last global step, or the number of batches; None where the input decides.
      training: Whether global steps are counted, and not batches.

    Attributes:
      position: The last global step, or how many batches there were.
      loss: The loss of the last step, None in an evaluation.
    """

    def __init__(self, display: Display, label: str, *, total: int | None, training: bool) -> None:
        self._display, self._label, self._total = display, label, total
        self._training = training
        self._stage: Stage | None = None
        self.position = 0
        self.loss: Any = None

    @property
    def began(self) -> bool:
        """Tells whether a session was opened: not so where there was nothing to train."""
        return self._stage is not None

    def begin(self) -> None:
        self._global_step = tf1.train.get_global_step()
        # The Estimator adds the model_fn's loss to this collection last, and reads it at every
        # step itself, so that one more reader costs nothing.
        losses = tf1.get_collection(tf1.GraphKeys.LOSSES) if self._training else []
        self._fetches = tf1.train.SessionRunArgs(losses[-1]) if losses else None

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.position = self._shown = self._read(session, otherwise=0)
        if self._stage is None:
            self._stage = self._display.stage(
                self._label,
                unit="step" if self._training else "batch",
                start=self.position,
                total=self._total,
            )

    def before_run(self, run_context: Any) -> Any:
        return self._fetches

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.position += 1
        self.loss = run_values.results
        assert self._stage is not None
        if self._stage.due(self.position):
            # A model_fn may count other than by one.
            self.position = self._read(run_context.session, otherwise=self.position)
            self._show()

    def end(self, session: Any) -> None:
        self.position = self._read(session, otherwise=self.position)
        if self._training and self.position != self._shown:
            self._show()
        if self._stage is not None:
            self._stage.close()

    def _read(self, session: Any, *, otherwise: int) -> int:
        return int(session.run(self._global_step)) if self._training else otherwise

    def _show(self) -> None:
        assert self._stage is not None
        self._shown = self.position
        self._stage.show(self.position, None if self.loss is None else float(self.loss))
