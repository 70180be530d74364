"""`SessionCreator`: creates sessions, and explains why a checkpoint cannot be restored."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import checkpoint_files
from estimator_compat.runtime.cached_run import PreparedRun
from estimator_compat.type_aliases import Operation, Session


class SessionCreator(tf1.train.SessionCreator):
    """Creates sessions whose `run` is a `PreparedRun`.

    Args:
      creator: TensorFlow's session creator, which does the work.
      scaffold: The Scaffold, whose saver restores the checkpoint.
      checkpoint: Path of the checkpoint that is restored, or None. If it cannot be restored, the
        error says why.
    """

    def __init__(self, creator: Any, scaffold: Any, checkpoint: str | None) -> None:
        self._creator = creator
        self._scaffold = scaffold
        self._checkpoint = checkpoint

    def create_session(self) -> Session:
        """Creates a session, and explains why a checkpoint cannot be restored."""
        try:
            session = self._creator.create_session()
        except tf.errors.OpError as error:
            if not self._checkpoint or not _is_of_saver(error.op, self._scaffold.saver):
                raise
            raise _restore_error(error, self._checkpoint) from error
        except RuntimeError as error:
            # If variable names are missing, a Saver tries to restore objects. That adds ops to the
            # graph, which is finalized: hence the RuntimeError.
            if not self._checkpoint or not checkpoint_files.is_object_based(self._checkpoint):
                raise
            raise ValueError(
                f"The checkpoint {self._checkpoint} was written by tf.train.Checkpoint, which "
                "stores variables by object; expected an Estimator's checkpoint, which stores them "
                "by name; write one with a hosted loop's `save_legacy`, or with: migrate checkpoint"
            ) from error
        session.run = PreparedRun(session)
        return session


def _is_of_saver(op: Operation, saver: Any) -> bool:
    """Returns whether an op belongs to the saver's restore ops.

    The creation of a session runs initializers too, whose errors have nothing to do with the
    checkpoint.
    """
    saver_def = getattr(saver, "saver_def", None)
    scope = saver_def.restore_op_name.rpartition("/")[0] if saver_def else ""
    return bool(scope) and op is not None and op.name.startswith(scope + "/")


def _restore_error(error: Any, checkpoint: str) -> Exception:
    """Builds the error that says why a checkpoint was not restored, and which others there are."""
    error_type: type[Exception] = type(error)
    if isinstance(error, tf.errors.OutOfRangeError):
        error_type = tf.errors.DataLossError
    return error_type(
        error.node_def,
        error.op,
        f"The checkpoint {checkpoint} could not be restored into this graph: it is incomplete or "
        "damaged, or its variables are not the model's; expected a whole checkpoint with the "
        f"model_fn's variable names and shapes; {checkpoint_files.advice(checkpoint)}. "
        f"TensorFlow says: {error.message}",
    )
