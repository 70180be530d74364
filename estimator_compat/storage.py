"""The folder of a run: whether it can be written, before a long run finds out that it cannot."""

import os

import tensorflow as tf


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
