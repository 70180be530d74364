"""Hides most of TensorFlow's log; `--verbosity` shows it."""

import contextlib
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator

from absl import flags
from absl.logging import converter

from estimator_compat.command_line.progress_display import Display

FLAGS = flags.FLAGS

# Two kinds of warnings are hidden: deprecations, and StepCounterHook's warning that the global step
# has not been increased. The hook gives it whenever it reads the step before the train_op increases
# it. At step 0 the warning is shown, because a step that is never increased stays at 0.
_NOISE = re.compile(
    r"Instructions for updating|global step .* has not been increased.*: [1-9]\d* vs previous"
)


def debugging() -> bool:
    """Returns whether tracebacks are to be shown: `--verbosity=1` or above."""
    return bool(FLAGS["verbosity"].present) and FLAGS.verbosity >= 1


def import_tensorflow() -> None:
    """Imports TensorFlow without the lines that its C++ code writes.

    TF_CPP_MIN_LOG_LEVEL hides most of these lines, but takes effect too late for the first ones.
    During the import, the file descriptor of stderr is therefore redirected to a temporary file.
    The lines are shown if the user sets the variable below 3, or `--verbosity`, or if the import
    fails.
    """
    if FLAGS["verbosity"].present or os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        return
    with hidden_stderr():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def hidden_stderr() -> Iterator[None]:
    """Returns a context in which nothing is written to the file descriptor of stderr.

    If an error leaves the context, what was hidden is written. Ctrl-C is not an error.
    """
    with tempfile.TemporaryFile() as output:
        stderr = os.dup(2)
        os.dup2(output.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            output.seek(0)
            os.write(stderr, output.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def show_warnings_in(display: Display) -> None:
    """Shows TensorFlow's warnings in the display, where they do not break its bars.

    Messages below a warning are dropped. Deprecation warnings are dropped, too, because they are
    about the API that this package is for. If `--verbosity` is given, TensorFlow's log goes to
    stderr instead, from that level on.
    """
    if FLAGS["verbosity"].present:
        absl_to_standard: Callable[[int], int] = converter.absl_to_standard
        level = absl_to_standard(min(FLAGS.verbosity, converter.ABSL_DEBUG))
        logging.getLogger("tensorflow").setLevel(level)
        return
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers[:] = [_DisplayHandler(display)]


class _DisplayHandler(logging.Handler):
    def __init__(self, display: Display) -> None:
        # A program may call `set_verbosity(INFO)` to see progress. The display shows that already.
        super().__init__(logging.WARNING)
        self._display = display
        self.addFilter(lambda record: not _NOISE.search(record.getMessage()))

    def emit(self, record: logging.LogRecord) -> None:
        self._display.note(f"{record.levelname.lower()}: {record.getMessage()}")
