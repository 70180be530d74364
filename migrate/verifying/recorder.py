"""Records a training of the reference: its losses, and its variables at three moments."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import initial_values, restored_values
from estimator_compat.type_aliases import Session

Values = dict[str, np.ndarray]  # variable name to value
Progress = Callable[[str], None]  # takes a line of text
# Takes the variables before and after a step; returns new values for some of them.
Disturbance = Callable[[Values, Values], Values]

# A variable that first moves more than _PATIENCE steps after the first one that moves belongs to a
# later phase of the training: it is compared after the last step.
_PATIENCE = 10


def load(values: Mapping[str, np.ndarray], session: Session) -> None:
    """Loads values into the variables of the default graph that have these names."""
    for variable in tf1.global_variables():
        if variable.op.name in values:
            initial_values.load(variable, values[variable.op.name], session)


class TrainingRecorder(tf1.train.SessionRunHook):
    """Records the loss of each step, and the variables before, in the beginning and at the end.

    Args:
      steps: The number of steps, for the progress.
      progress: Is called after each step.
      weights: Values that the variables get before training; other variables keep theirs.
      first_step: After which step `first` is read; None for the first step after which each
        trainable variable has moved, or else as many as move in the beginning.
      disturbance: Changes the variables after each step; None changes nothing.

    Attributes:
      initial: The variables before training.
      first: The variables after `first_step`.
      first_step: See above.
      final: The variables after the last step.
      trainable: The names of the trainable variables.
      losses: The loss of each step.
      restored: The names of the variables whose initializers read a checkpoint.
    """

    def __init__(
        self,
        steps: int,
        progress: Progress,
        *,
        weights: Values | None = None,
        first_step: int | None = None,
        disturbance: Disturbance | None = None,
    ) -> None:
        self._steps, self._progress = steps, progress
        self._weights, self._given, self._disturbance = weights or {}, first_step, disturbance
        self._moved: frozenset[str] = frozenset()
        self.initial: Values = {}
        self.first: Values = {}
        self.first_step = first_step or 1
        self.final: Values = {}
        self.trainable: Sequence[str] = ()
        self.losses: list[np.ndarray] = []
        self.restored: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Adds a read of each variable to the graph, and finds the loss."""
        self._reads = {v.op.name: v.read_value() for v in tf1.global_variables()}
        self.trainable = [v.op.name for v in tf1.trainable_variables()]
        self.restored = frozenset(restored_values.restored_variables())
        # The Estimator adds the model_fn's loss to this collection, last.
        self._loss = tf1.get_collection(tf1.GraphKeys.LOSSES)[-1]

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Gives the variables their values, and reads them."""
        del coord
        load(self._weights, session)
        self.initial = self._now = session.run(self._reads)

    def before_run(self, run_context: Any) -> Any:
        """Fetches the loss."""
        del run_context
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Stores the loss, and reads the variables if this step may be the first."""
        self.losses.append(np.asarray(run_values.results))
        step, session = len(self.losses), run_context.session
        if self._disturbance:
            after = session.run(self._reads)
            changed = self._disturbance(self._now, after)
            load(changed, session)
            self._now = {**after, **changed}
        if self._may_be_first(step):
            self._read_first(step, session.run(self._reads))
        self._progress(f"reference: step {step} of {self._steps}")

    def _may_be_first(self, step: int) -> bool:
        if self._given is not None or step == 1:
            return step == (self._given or 1)
        if not self._moved:
            return bool(self.trainable)
        return len(self._moved) < len(self.trainable) and step <= self._first_moving + _PATIENCE

    def _read_first(self, step: int, values: Values) -> None:
        moved = frozenset(moving(self.initial, values)) & frozenset(self.trainable)
        if moved and not self._moved:
            self._first_moving = step
        if step == 1 or self._given is not None or len(moved) > len(self._moved):
            self.first, self.first_step, self._moved = values, step, moved

    def end(self, session: Session) -> None:
        """Reads the variables."""
        self.final = session.run(self._reads)


def moving(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> list[str]:
    """Returns the names of the arrays of `before` that are not the same, bit for bit, in `after`.

    Names that only one of the two has are left out.
    """
    return [
        name
        for name, value in before.items()
        if name in after and not _is_same(np.asarray(value), np.asarray(after[name]))
    ]


def _is_same(first: np.ndarray, second: np.ndarray) -> bool:
    if first.dtype.kind == "f" and first.dtype == second.dtype:
        return first.tobytes() == second.tobytes()
    return np.array_equal(first, second)
