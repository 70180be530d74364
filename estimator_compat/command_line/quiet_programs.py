"""Keeps the log of a legacy program as it was: without lines of TensorFlow that it never had.

Only a command may call this module, because it changes the whole process.
"""

import importlib.machinery
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

from absl import logging as absl_logging

from estimator_compat.command_line import tensorflow_logs
from estimator_compat.runtime import own_deprecations


def prepare() -> None:
    """Makes the log of TensorFlow and the warnings of Python quiet, before either is loaded.

    * The lines of TensorFlow's C++ code are hidden, unless TF_CPP_MIN_LOG_LEVEL is set below 3.
    * A line of the logger `tensorflow` is written once. `absl.app.run` adds a second handler.
    * That functions of TensorFlow 1 are deprecated is not said.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "3":
        sys.meta_path.insert(0, _QuietFinder())
    logging.getLogger("tensorflow").addFilter(
        lambda record: not own_deprecations.is_deprecation(record)
    )
    absl_logging.get_absl_handler().python_handler.addFilter(_is_not_doubled)
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", r"`tf\.[\w.]+` is deprecated", UserWarning)


def _is_not_doubled(record: logging.LogRecord) -> bool:
    """Returns whether absl writes a record to stderr that TensorFlow's handler does not write."""
    absl_stream = absl_logging.get_absl_handler().python_handler.stream
    handlers = logging.getLogger("tensorflow").handlers
    return record.name != "tensorflow" or absl_stream is not sys.stderr or not handlers


class _QuietFinder(importlib.machinery.PathFinder):
    """Finds TensorFlow for its first import, with a loader that hides what its C++ code writes."""

    def find_spec(  # type: ignore[override]
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _QuietLoader(spec.loader.name, spec.loader.path)
        return spec


class _QuietLoader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        with tensorflow_logs.hidden_stderr():
            super().exec_module(module)
