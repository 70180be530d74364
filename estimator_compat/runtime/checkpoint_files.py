"""The folder of a run: whether it can be written, and whether the checkpoint it names is there."""

import os
from typing import Any

import tensorflow as tf

from estimator_compat import private_tensorflow

tf1 = tf.compat.v1

# What TensorFlow raises where a file cannot be written; the second for one beyond its size limit.
UNWRITTEN = (
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.PermissionDeniedError,
    tf.errors.ResourceExhaustedError,
)

OBJECT_GRAPH = private_tensorflow.OBJECT_GRAPH


def unwritten(error: Any, what: str, path: str, *, instead: str, then: str) -> OSError:
    """Explains why something could not be written.

    Args:
      error: One of `UNWRITTEN`.
      what: What was written, at the beginning of a sentence.
      instead: The argument that names another folder.
      then: What to do with space, or with another folder.
    """
    # An op's error begins with an account of where the op was made.
    said = error.message.partition("\nNode: ")[2].partition("\n")[2] or error.message
    return OSError(
        f"{what} could not be written to {path}; expected space and permission for it; free some "
        f"or choose another {instead}, and {then}. TensorFlow says: {said.partition(chr(10))[0]}"
    )


def check_writable(model_dir: str) -> None:
    """Creates `model_dir` where it is missing, and tries to write a file into it.

    Raises:
      OSError: It cannot be created or written.
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
    """Checks that the latest checkpoint is there, where the `checkpoint` file says there is one.

    The original evaluated and predicted with untrained variables where it was not, and began to
    train anew where the file could not be read.

    Raises:
      ValueError: The file cannot be read, or the checkpoint it names is missing.
    """
    state_file = os.path.join(model_dir, "checkpoint")
    if not tf.io.gfile.exists(state_file):
        return
    try:
        if tf.train.latest_checkpoint(model_dir):
            return
        state = tf.train.get_checkpoint_state(model_dir)
    except ValueError:  # it is empty
        state = None
    if state is None:
        raise ValueError(
            f"The file {state_file}, which names the latest checkpoint, cannot be read; expected a "
            'line such as `model_checkpoint_path: "model.ckpt-100"`; '
            f"{advice(os.path.join(model_dir, 'model.ckpt'))}."
        )
    _refuse_missing(state.model_checkpoint_path, f", which {state_file} names,")


def check_checkpoint_path(path: str) -> None:
    """Checks that a checkpoint is there.

    Raises:
      ValueError: It is not.
    """
    if not (tf.io.gfile.exists(path + ".index") or tf1.train.checkpoint_exists(path)):
        _refuse_missing(path, "")


def _refuse_missing(path: str, named: str) -> None:
    raise ValueError(
        f"The checkpoint {path}{named} is missing, or its index file is; expected {path}.index and "
        f"{path}.data-*; {advice(path)}."
    )


def advice(checkpoint: str) -> str:
    """Says what to do without a checkpoint: which others its folder holds, and how to use one."""
    folder = os.path.dirname(checkpoint)
    names = tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []
    others = [os.path.join(folder, name[:-6]) for name in sorted(names) if name.endswith(".index")]
    others = [path for path in others if path != checkpoint]
    if not others:
        return "there is no other one; restore it from a backup or train in an empty model_dir"
    return (
        f"others are there: {', '.join(others)}; name one in the first line of "
        f"{os.path.join(folder, 'checkpoint')}, or pass it as `checkpoint_path` to evaluate or "
        "predict"
    )


def is_of_objects(checkpoint: str) -> bool:
    """Tells whether a checkpoint is one of TensorFlow 2, by objects, and not by names."""
    return OBJECT_GRAPH in dict(tf.train.list_variables(checkpoint))


def saved_step(model_dir: str) -> int:
    """The global step of the latest checkpoint, 0 where none can be read."""
    latest = tf.train.latest_checkpoint(model_dir)
    if not latest:
        return 0
    try:
        return int(tf.train.load_variable(latest, tf1.GraphKeys.GLOBAL_STEP))
    except (tf.errors.OpError, IndexError, RuntimeError, ValueError):
        return 0  # a Scaffold's saver may leave it out; a damaged one is met when restored


def checkpoint_to_restore(model_dir: str, path: str | None, purpose: str) -> str | None:
    """The checkpoint to restore: the given one or the latest, None where there is none."""
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
    """Refuses a folder without a checkpoint.

    Raises:
      ValueError: It has none.
    """
    check_checkpoint(model_dir)
    if not tf.train.latest_checkpoint(model_dir):
        raise ValueError(
            f"Could not find trained model in model_dir: {model_dir}; expected a checkpoint "
            "there; train first, or name the folder that has one."
        )
