"""Keeps TensorFlow's own talk out of the user's way; `--verbosity` brings it back."""

import logging
import os
import re
import tempfile
import warnings

from absl import flags
from absl.logging import converter

from estimator_compat.command_line.progress_display import Display

FLAGS = flags.FLAGS

# Deprecations; and StepCounterHook's doubt whether the global step moves, which it has whenever it
# reads the step before the train_op raises it. A step that never moves is at 0, and stays there.
_NOISE = re.compile(
    r"Instructions for updating|global step .* has not been increased.*: [1-9]\d* vs previous"
)


def debugging() -> bool:
    """Tells whether the user asked for more than messages: `--verbosity=1` or above."""
    return bool(FLAGS["verbosity"].present) and FLAGS.verbosity >= 1


def import_tensorflow() -> None:
    """Imports TensorFlow without the lines that its C++ code writes.

    TF_CPP_MIN_LOG_LEVEL, which silences the rest, comes too late for the first of them, so stderr's
    file descriptor is turned away meanwhile. A user who sets that variable below 3, or
    `--verbosity`, sees everything, and so does one whose TensorFlow cannot be imported.
    """
    if FLAGS["verbosity"].present or os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        return
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def show_warnings_in(display: Display) -> None:
    """Sends warnings to the display, so that they do not break its bars, and drops the rest.

    Notices of deprecation are dropped too: they are about the very API this package keeps alive.
    With `--verbosity` given, TensorFlow's log is shown from that level on.
    """
    if FLAGS["verbosity"].present:
        level = converter.absl_to_standard(min(FLAGS.verbosity, converter.ABSL_DEBUG))
        logging.getLogger("tensorflow").setLevel(level)
        return
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers[:] = [_Notes(display)]


class _Notes(logging.Handler):
    def __init__(self, display: Display) -> None:
        # A program's own `set_verbosity(INFO)` asked for progress; the display has that.
        super().__init__(logging.WARNING)
        self._display = display
        self.addFilter(lambda record: not _NOISE.search(record.getMessage()))

    def emit(self, record: logging.LogRecord) -> None:
        self._display.note(f"{record.levelname.lower()}: {record.getMessage()}")
