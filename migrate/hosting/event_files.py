"""The event files of a custom loop: one in the model_dir, and one in each evaluation's folder."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from estimator_compat.runtime import evaluation


class EventFiles:
    """Writes summaries to event files, in the folders in which an Estimator writes them.

    Args:
      model_dir: The folder of the training summaries; None writes nothing.
    """

    def __init__(self, model_dir: str | None) -> None:
        self._model_dir = model_dir
        self._writers: dict[str, Any] = {}

    def write(self, folder: str, step: int, serialized: Iterable[bytes]) -> None:
        """Writes serialized summaries at a global step.

        Args:
          folder: A folder below the model_dir; `""` is the model_dir itself.
          step: The global step.
          serialized: Serialized `tf.compat.v1.Summary` messages.
        """
        if not self._model_dir:
            return
        if folder not in self._writers:
            path = os.path.join(self._model_dir, folder)
            self._writers[folder] = tf.summary.create_file_writer(path)
        with self._writers[folder].as_default():
            for summary in serialized:
                tf.summary.experimental.write_raw_pb(summary, step)
            self._writers[folder].flush()

    def write_results(
        self,
        folder: str,
        results: Mapping[str, Any],
        more: Iterable[Any],
        checkpoint: str | None = None,
    ) -> None:
        """Writes the results of an evaluation as summaries, at its global step.

        Args:
          folder: A folder below the model_dir.
          results: The metrics by their names, and `global_step`.
          more: `tf.compat.v1.Summary` messages that are written with the results.
          checkpoint: The path of the evaluated checkpoint, or None.
        """
        summaries = [*evaluation.result_summaries(results, checkpoint), *more]
        serialized = [summary.SerializeToString() for summary in summaries]
        self.write(folder, results["global_step"], serialized)
