"""What of TensorFlow's own talk reaches the user."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from absl import flags

from estimator_compat.command_line import tensorflow_logs

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[3]
LOGGERS = [logging.getLogger(name) for name in ("tensorflow", "absl")]


@pytest.fixture
def verbosity(monkeypatch):
    """Sets the flag `--verbosity`; None leaves it out. Loggers and warnings are put back."""

    def put(level):
        values = flags.FlagValues()
        flags.DEFINE_integer("verbosity", -1, "absl's own.", flag_values=values)
        values(["program", *([] if level is None else [f"--verbosity={level}"])])
        monkeypatch.setattr(tensorflow_logs, "FLAGS", values)

    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in LOGGERS]
    with warnings.catch_warnings():
        yield put
    for logger, (level, propagate, handlers) in zip(LOGGERS, before, strict=True):
        logger.setLevel(level)
        logger.propagate, logger.handlers[:] = propagate, handlers


class Notes(list):
    """A display that keeps its notes."""

    note = list.append


def _notes() -> Any:
    """Returns what stands for a display: of the protocol, only `note` is needed here."""
    return Notes()


@pytest.mark.parametrize(
    ("level", "expected"), [(None, False), (-1, False), (0, False), (1, True), (2, True)]
)
def test_who_asks_for_traces(verbosity, level, expected):
    verbosity(level)
    assert tensorflow_logs.debugging() is expected


STANDS_STILL = "It seems that global step (tf.train.get_global_step) has not been increased. "


@pytest.mark.parametrize("logger", LOGGERS, ids=lambda logger: logger.name)
def test_warnings_go_to_the_display(verbosity, logger):
    verbosity(None)
    notes = _notes()
    tensorflow_logs.show_warnings_in(notes)
    logger.info("Saving checkpoints for 0")
    logger.warning("The %s is late", "batch")
    logger.error("It failed")
    logger.warning("From x.py: f is deprecated.\nInstructions for updating:\nUse g.")
    logger.warning(f"{STANDS_STILL}Current value: 5 vs previous value: 5.")
    logger.warning(f"{STANDS_STILL}Current value: 0 vs previous value: 0.")
    assert notes == [
        "warning: The batch is late",
        "error: It failed",
        f"warning: {STANDS_STILL}Current value: 0 vs previous value: 0.",
    ]


def test_pythons_warnings_are_dropped(verbosity):
    verbosity(None)
    with warnings.catch_warnings(record=True) as shown:
        tensorflow_logs.show_warnings_in(_notes())
        warnings.warn("old", UserWarning, stacklevel=1)
    assert shown == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [(-1, logging.WARNING), (0, logging.INFO), (1, logging.DEBUG), (3, logging.DEBUG)],
)
def test_verbosity_brings_back_tensorflows_log(verbosity, level, expected):
    verbosity(level)
    handlers = list(LOGGERS[0].handlers)
    tensorflow_logs.show_warnings_in(_notes())
    assert LOGGERS[0].level == expected
    assert LOGGERS[0].handlers == handlers


PROGRAM = """
import sys
from absl import flags
from estimator_compat.command_line import tensorflow_logs

flags.FLAGS(sys.argv)
tensorflow_logs.import_tensorflow()
import tensorflow
print("imported", file=sys.stderr)
"""
TALKS = "import os\nos.write(2, b'talk\\n')\n"


@pytest.mark.parametrize(
    ("tensorflow", "flag", "level", "stderr"),
    [
        (TALKS, (), None, "imported\n"),
        (TALKS, (), "3", "imported\n"),
        (TALKS, (), "2", "talk\nimported\n"),
        (TALKS, ("--verbosity=0",), None, "talk\nimported\n"),
        (TALKS + "raise SystemExit('broken')", (), None, "talk\nbroken\n"),
    ],
    ids=["silent", "level 3", "level 2", "verbosity", "broken"],
)
def test_importing_tensorflow(tmp_path, tensorflow, flag, level, stderr):
    (tmp_path / "tensorflow.py").write_text(tensorflow)
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py", *flag],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == stderr
