"""The event files of a custom loop, as an Estimator's: one in its folder, one an evaluation."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1


class EventFiles:
    """Writes summaries below a folder, where there is one."""

    def __init__(self, model_dir: str | None) -> None:
        self._model_dir = model_dir
        self._writers: dict[str, Any] = {}

    def write(self, folder: str, step: int, serialized: Iterable[bytes]) -> None:
        """Writes serialized summaries at a global step.

        Args:
          folder: Below the folder; `""` is itself.
          step: The global step.
          serialized: `tf.compat.v1.Summary`s.
        """
        if not self._model_dir:
            return
        if folder not in self._writers:
            place = os.path.join(self._model_dir, folder)
            self._writers[folder] = tf.summary.create_file_writer(place)
        with self._writers[folder].as_default():
            for one in serialized:
                tf.summary.experimental.write_raw_pb(one, step)
            self._writers[folder].flush()

    def write_results(self, folder: str, results: Mapping[str, Any], more: Iterable[Any]) -> None:
        """Writes an evaluation's numbers, and summaries beside them, at its global step."""
        summary = tf1.Summary()
        for key, value in results.items():
            if key != "global_step" and isinstance(value, np.number):
                summary.value.add(tag=key, simple_value=float(value))
        serialized = [one.SerializeToString() for one in (summary, *more)]
        self.write(folder, results["global_step"], serialized)
