"""Explains why a checkpoint could not be restored."""

from typing import Any

import tensorflow as tf

from estimator_compat import legacy_keras
from estimator_compat.runtime import checkpoint_files
from estimator_compat.type_aliases import Operation


def is_restore_op(op: Operation | None, saver: Any) -> bool:
    """Returns whether an op is one of the saver's restore ops.

    The creation of a session runs initializers too, whose errors have nothing to do with the
    checkpoint.
    """
    saver_def = getattr(saver, "saver_def", None)
    scope = saver_def.restore_op_name.rpartition("/")[0] if saver_def else ""
    return bool(scope) and op is not None and op.name.startswith(scope + "/")


def restore_error(error: Any, checkpoint: str) -> Exception:
    """Builds an error: why a checkpoint was not restored, and which other checkpoints exist."""
    error_type: type[Exception] = type(error)
    if isinstance(error, tf.errors.OutOfRangeError):
        error_type = tf.errors.DataLossError
    lacks_a_variable = isinstance(error, tf.errors.NotFoundError)
    advice_on_names = legacy_keras.advice_on_names() if lacks_a_variable else ""
    return error_type(
        error.node_def,
        error.op,
        f"The checkpoint {checkpoint} could not be restored into this graph: it is incomplete or "
        "damaged, or its variables are not the model's; expected a whole checkpoint with the "
        f"model_fn's variable names and shapes; {checkpoint_files.advice(checkpoint)}. "
        f"{advice_on_names}TensorFlow says: {error.message}",
    )


def object_based_error(checkpoint: str) -> ValueError:
    """Builds the error for a checkpoint of `tf.train.Checkpoint`."""
    return ValueError(
        f"The checkpoint {checkpoint} was written by tf.train.Checkpoint, which stores variables "
        "by object; expected an Estimator's checkpoint, which stores them by name; write one with "
        "a hosted loop's `save_legacy`, or with: migrate checkpoint"
    )
