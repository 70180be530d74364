"""Runs the training binary: loads the named functions, runs the mode, and reports the results.

Results go to stdout, everything else to stderr. An error ends in a message and an exit status.
"""

import dataclasses
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from estimator_compat.command_line import (
    closed_pipes,
    function_references,
    next_commands,
    program_flags,
    results,
    tensorflow_logs,
)
from estimator_compat.command_line.error_text import describe
from estimator_compat.command_line.progress_display import Display, open_display
from estimator_compat.command_line.results import ModeResult
from estimator_compat.command_line.settings import REFERENCES, TrainSettings

FLAGS_OF_PROGRAM = "the flags of `estimator-train --help`"


def run(
    read_settings: Callable[[], TrainSettings], unparsed: Sequence[str] = ("",)
) -> Mapping[str, Any]:
    """Runs the training binary; an error becomes a message on stderr and an exit status.

    Args:
      read_settings: Returns the settings; its errors are reported in the same way.
      unparsed: The program's name, and arguments that may be flags of the code to be loaded.

    Returns:
      The metrics that were printed; empty if there were none.
    """
    settings = TrainSettings()
    try:
        settings = read_settings().with_mode()
        tensorflow_logs.import_tensorflow()
        with open_display(every_steps=settings.log_every_steps or 100) as display:
            tensorflow_logs.show_warnings_in(display)
            settings = _load_functions(settings, unparsed)
            result = _run_mode(settings, display)
        _report(settings, result)
        sys.stdout.flush()
        return result.metrics
    except KeyboardInterrupt:
        say(next_commands.after_interruption(settings.model_dir))
        sys.exit(130)
    except Exception as error:
        if isinstance(error, BrokenPipeError) and closed_pipes.discard():
            sys.exit(closed_pipes.STATUS)
        if tensorflow_logs.debugging():
            traceback.print_exc()
        exit_with(describe(error))


def _load_functions(settings: TrainSettings, unparsed: Sequence[str]) -> TrainSettings:
    """Loads the named functions, parses the flags that they define, and chooses a model_dir."""
    from estimator_compat.command_line import modes

    modes.prepare(settings)
    if (legacy := settings.legacy_packages()) is not None:
        from estimator_compat import facade

        facade.install(legacy)
    changes: dict[str, Any] = {
        name: function_references.load(value, flag=name)
        for name in REFERENCES
        if isinstance(value := getattr(settings, name), str)
    }
    program_flags.parse(unparsed, expected=FLAGS_OF_PROGRAM)
    changes["model_dir"] = settings.model_dir or tempfile.mkdtemp(prefix="estimator-train-")
    return dataclasses.replace(settings, **changes)


def _run_mode(settings: TrainSettings, display: Display) -> ModeResult:
    # Imported here, because it imports TensorFlow.
    from estimator_compat.command_line.modes import run_mode

    return run_mode(settings, display)


def _report(settings: TrainSettings, result: ModeResult) -> None:
    if result.metrics:
        results.print_metrics(result.title, result.metrics)
    if settings.mode != "predict":
        say(next_commands.after_run(settings))


def exit_with(message: str) -> NoReturn:
    """Prints an error message on stderr and exits with status 2."""
    say(f"{next_commands.program_name()}: {message}")
    sys.exit(2)


def say(text: str) -> None:
    """Prints text for people, on stderr."""
    print(text, file=sys.stderr)
