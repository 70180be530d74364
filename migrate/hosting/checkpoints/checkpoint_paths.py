"""The paths of new checkpoints: the same rule for both kinds of checkpoints."""

import os


def prefix(path: str, name: str) -> str:
    """Returns the path of a new checkpoint without its step.

    A path whose last part contains `.ckpt`, such as `runs/1/model.ckpt`, or is `ckpt`, is the path
    of a checkpoint. Every other path is a folder, and so is a path that exists as a folder or ends
    with a slash.

    Args:
      path: A folder, or a folder and the name of the checkpoint.
      name: The name of a checkpoint in a folder, such as "model.ckpt".
    """
    last = os.path.basename(path)
    is_name = last == "ckpt" or ".ckpt" in last
    return path if is_name and not os.path.isdir(path) else os.path.join(path, name)
