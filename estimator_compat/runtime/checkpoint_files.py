"""Checks a `model_dir`: whether it can be written, and whether its latest checkpoint exists."""

import os
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow

# TensorFlow's errors if a file cannot be written; OutOfRangeError means that it would exceed the
# size limit of a file.
WRITE_ERRORS = (
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.PermissionDeniedError,
    tf.errors.ResourceExhaustedError,
)

OBJECT_GRAPH = private_tensorflow.OBJECT_GRAPH


def write_error(error: Any, what: str, path: str, *, instead: str, then: str) -> OSError:
    """Builds the error that says what could not be written, and what to do.

    Args:
      error: TensorFlow's error, one of `WRITE_ERRORS`.
      what: The object that was not written, such as "A checkpoint".
      path: Path of the file or folder.
      instead: Name of the argument that chooses another folder.
      then: What to do after freeing space or choosing another folder.
    """
    # The error of an op begins with the lines that created the op.
    message = error.message.partition("\nNode: ")[2].partition("\n")[2] or error.message
    return OSError(
        f"{what} could not be written to {path}; expected space and permission for it; free some "
        f"or choose another {instead}, and {then}. TensorFlow says: {message.partition(chr(10))[0]}"
    )


def check_writable(model_dir: str) -> None:
    """Creates `model_dir` if it is missing, and checks that a file can be written to it.

    Raises:
      OSError: The folder cannot be created or written.
    """
    probe = os.path.join(model_dir, f".writable-{os.getpid()}")
    try:
        tf.io.gfile.makedirs(model_dir)
        with tf.io.gfile.GFile(probe, "w") as file:
            file.write("probe")
        tf.io.gfile.remove(probe)
    except tf.errors.OpError as error:
        raise OSError(
            f"`model_dir` ({model_dir}) cannot be written: {error.message}; expected a folder for "
            "checkpoints and event files; free space there, correct its permissions, or choose "
            "another one."
        ) from error


def check_checkpoint(model_dir: str) -> None:
    """Checks that the checkpoint exists that the file `checkpoint` names.

    A folder without this file passes. The original Estimator had no such check. If the checkpoint
    was missing, it evaluated and predicted with untrained variables. If the file could not be read,
    it restarted the training.

    Raises:
      ValueError: The file cannot be read, or the checkpoint that it names is missing.
    """
    state_file = os.path.join(model_dir, "checkpoint")
    if not tf.io.gfile.exists(state_file):
        return
    try:
        if tf.train.latest_checkpoint(model_dir):
            return
        state = tf.train.get_checkpoint_state(model_dir)
    except ValueError:  # the file is empty
        state = None
    if state is None:
        raise ValueError(
            f"The file {state_file}, which names the latest checkpoint, cannot be read; expected a "
            'line such as `model_checkpoint_path: "model.ckpt-100"`; '
            f"{advice(os.path.join(model_dir, 'model.ckpt'))}."
        )
    _raise_missing(state.model_checkpoint_path, f", which {state_file} names,")


def check_checkpoint_path(path: str) -> None:
    """Checks that a checkpoint exists.

    Raises:
      ValueError: The checkpoint is missing.
    """
    if not (tf.io.gfile.exists(path + ".index") or tf1.train.checkpoint_exists(path)):
        _raise_missing(path, "")


def _raise_missing(path: str, source: str) -> None:
    raise ValueError(
        f"The checkpoint {path}{source} is missing, or its index file is; expected {path}.index "
        f"and {path}.data-*; {advice(path)}."
    )


def advice(checkpoint: str) -> str:
    """Returns the advice for a missing checkpoint: other checkpoints, and how to use them."""
    folder = os.path.dirname(checkpoint)
    names = tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []
    others = [os.path.join(folder, name[:-6]) for name in sorted(names) if name.endswith(".index")]
    others = [path for path in others if path != checkpoint]
    if not others:
        return (
            "its folder has no other checkpoint; restore it from a backup or train in an empty "
            "model_dir"
        )
    return (
        f"its folder has other checkpoints: {', '.join(others)}; name one in the first line of "
        f"{os.path.join(folder, 'checkpoint')}, or pass it as `checkpoint_path` to evaluate or "
        "predict"
    )


def is_object_based(checkpoint: str) -> bool:
    """Returns whether `tf.train.Checkpoint` wrote a checkpoint, which stores variables by object.

    A name-based checkpoint, such as an Estimator's, stores them by name.
    """
    return OBJECT_GRAPH in dict(tf.train.list_variables(checkpoint))


def saved_step(model_dir: str) -> int:
    """Returns the global step of the latest checkpoint, or 0 if it cannot be read."""
    latest = tf.train.latest_checkpoint(model_dir)
    if not latest:
        return 0
    try:
        return int(tf.train.load_variable(latest, tf1.GraphKeys.GLOBAL_STEP))
    except (tf.errors.OpError, IndexError, RuntimeError, ValueError):
        # A Scaffold's saver may omit the global step. A damaged checkpoint causes an error later,
        # when it is restored.
        return 0


def checkpoint_to_restore(model_dir: str, path: str | None, purpose: str) -> str | None:
    """Returns the path of the checkpoint to restore, or None to start from initial values.

    Args:
      model_dir: Folder whose latest checkpoint is restored if `path` is None.
      path: The checkpoint that the caller chose, or None.
      purpose: What the checkpoint is for, such as "predict", in the log.

    Raises:
      ValueError: The checkpoint is missing.
    """
    if path:
        check_checkpoint_path(path)
        return path
    check_checkpoint(model_dir)
    latest = tf.train.latest_checkpoint(model_dir)
    if not latest:
        tf1.logging.info(
            "Could not find trained model in model_dir: %s, running initialization to %s.",
            model_dir,
            purpose,
        )
    return str(latest) if latest else None


def require_checkpoint(model_dir: str) -> None:
    """Checks that a folder has a checkpoint.

    Raises:
      ValueError: The folder has no checkpoint, or its latest checkpoint is missing.
    """
    check_checkpoint(model_dir)
    if not tf.train.latest_checkpoint(model_dir):
        raise ValueError(
            f"Could not find trained model in model_dir: {model_dir}; expected a checkpoint "
            "there; train first, or name the folder that has one."
        )
