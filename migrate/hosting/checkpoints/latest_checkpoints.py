"""The file `checkpoint` of a folder, which names its checkpoints; and how many of them are kept."""

import os
import time

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import own_deprecations

_SECONDS_PER_HOUR = 3600


def add(path: str) -> None:
    """Makes a checkpoint the latest one of its folder.

    The names in the file are relative to the folder. The folder can therefore be moved. TensorFlow
    itself writes relative names if the folder is a relative path.

    Args:
      path: The checkpoint, which is written.
    """
    folder = os.path.dirname(path) or "."
    _write(folder, [*(older for older in _paths(folder) if older != path), path])


class Retention:
    """Deletes old checkpoints, as a Saver does.

    Args:
      keep: How many checkpoints are kept; None or 0 keeps all.
      every_n_hours: A checkpoint that is due for deletion is kept for good if the last one that was
        kept so is this many hours older; None keeps none for good.
    """

    def __init__(self, keep: int | None, every_n_hours: float | None) -> None:
        self._keep, self._hours = keep, every_n_hours
        self._next = time.time() + (every_n_hours or 0) * _SECONDS_PER_HOUR

    def delete_old(self, folder: str) -> None:
        """Deletes the old checkpoints among those that the folder's file `checkpoint` names."""
        paths = _paths(folder)
        if not self._keep or len(paths) <= self._keep:
            return
        for path in paths[: -self._keep]:
            if self._hours and _written_at(path) > self._next:
                self._next += self._hours * _SECONDS_PER_HOUR
            else:
                with own_deprecations.silenced():
                    tf1.train.remove_checkpoint(path)
        _write(folder, paths[-self._keep :])


def _paths(folder: str) -> list[str]:
    state = tf.train.get_checkpoint_state(folder)
    return list(state.all_model_checkpoint_paths) if state else []


def _written_at(path: str) -> float:
    index = path + ".index"
    return os.path.getmtime(index) if os.path.exists(index) else 0.0


def _write(folder: str, paths: list[str]) -> None:
    is_absolute = os.path.isabs(folder)
    names = [os.path.relpath(path, folder) if is_absolute else path for path in paths]
    with own_deprecations.silenced():
        tf1.train.update_checkpoint_state(folder, names[-1], all_model_checkpoint_paths=names)
