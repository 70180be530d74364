"""Runs what the flags say, from loading the functions that are named to what to look at next.

Stdout carries the product, stderr the conversation; mistakes end in a message and an exit code.
"""

import dataclasses
import importlib.util
import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from estimator_compat.command_line import (
    function_references,
    program_flags,
    results,
    tensorflow_logs,
)
from estimator_compat.command_line.error_text import describe
from estimator_compat.command_line.progress_display import Display, open_display
from estimator_compat.command_line.results import Outcome
from estimator_compat.command_line.settings import REFERENCES, TrainSettings

FLAGS_OF_PROGRAM = "the flags of `estimator-train --help`"
_TENSORBOARD = "" if importlib.util.find_spec("tensorboard") else " (pip install tensorboard)"


def run_or_exit(
    settings: Callable[[], TrainSettings], rest: Sequence[str] = ("",)
) -> Mapping[str, Any]:
    """Runs what `settings` returns; turns mistakes into a message on stderr and an exit code.

    Args:
      settings: Called with nothing; its errors are reported as any other.
      rest: The program's name and the arguments that only the program to be loaded may know.
    """
    chosen = TrainSettings()
    try:
        chosen = settings().with_mode()
        tensorflow_logs.import_tensorflow()
        with open_display(every_steps=chosen.log_every_steps or 100) as display:
            tensorflow_logs.show_warnings_in(display)
            chosen = _ready(chosen, rest)
            outcome = _run(chosen, display)
        _report(chosen, outcome)
        sys.stdout.flush()
        return outcome.metrics
    except KeyboardInterrupt:
        say(_interrupted(chosen.model_dir))
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads stdout any more; keep Python from failing on it again at its exit.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        sys.exit(0)
    except Exception as error:
        if tensorflow_logs.debugging():
            traceback.print_exc()
        exit_with(describe(error))


def _ready(settings: TrainSettings, rest: Sequence[str]) -> TrainSettings:
    """Loads the functions that are named, parses the flags they brought, chooses a model_dir."""
    changes: dict[str, Any] = {
        name: function_references.load(value, flag=name)
        for name in REFERENCES
        if isinstance(value := getattr(settings, name), str)
    }
    program_flags.parse(rest, expected=FLAGS_OF_PROGRAM)
    changes["model_dir"] = settings.model_dir or tempfile.mkdtemp(prefix="estimator-train-")
    return dataclasses.replace(settings, **changes)


def _run(settings: TrainSettings, display: Display) -> Outcome:
    # Imported here, because it imports TensorFlow.
    from estimator_compat.command_line.modes import Run

    return Run(settings, display).outcome()


def exit_with(message: str) -> NoReturn:
    """Prints a message on stderr and exits with 2."""
    say(f"{results.program_name()}: {message}")
    sys.exit(2)


def say(text: str) -> None:
    print(text, file=sys.stderr)


def _interrupted(model_dir: str | None) -> str:
    again = results.command(model_dir=model_dir)
    last = None
    if model_dir is not None:
        import tensorflow as tf

        last = tf.train.latest_checkpoint(model_dir)
    if last is None:
        return f"Interrupted before the first checkpoint; start again with:\n  {again}"
    return f"Interrupted. The last whole checkpoint is {last}; resume from it with:\n  {again}"


def _report(settings: TrainSettings, outcome: Outcome) -> None:
    if outcome.metrics:
        results.print_metrics(outcome.title, outcome.metrics)
    if settings.mode != "predict":
        say(_what_next(settings))


def _what_next(settings: TrainSettings) -> str:
    """Renders commands to go on with, as shell lines under comments."""
    place = settings.model_dir
    advice = {f"watch the losses{_TENSORBOARD}": f"tensorboard --logdir={shlex.quote(str(place))}"}
    if settings.eval_input_fn is not None and settings.per_example_losses is None:
        advice["list the evaluation examples with the largest losses"] = results.command(
            model_dir=place, mode="evaluate", per_example_losses="worst.csv", worst=20
        )
    if settings.mode in ("train", "train_and_evaluate"):
        more = settings.max_steps and 2 * settings.max_steps
        advice["train on from the last checkpoint"] = results.command(
            model_dir=place, max_steps=more
        )
    lines = (f"  # {comment}\n  {command}" for comment, command in advice.items())
    return "\n".join([f"Checkpoints and event files are in {place}", "Next:", *lines])
