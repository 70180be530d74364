"""The training binary: `estimator-train` trains, evaluates and predicts with any legacy model_fn.

Stdout carries the product (a table of metrics, or predictions as JSON lines), stderr the
conversation. Exit codes: 0 done, 2 could not do it, 130 interrupted.
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

from absl import app, flags

from estimator_compat import logs, references, results, train_flags
from estimator_compat.display import Display, open_display
from estimator_compat.examples import PENGUINS
from estimator_compat.failures import describe
from estimator_compat.results import Outcome
from estimator_compat.train_flags import TrainSettings

FLAGS = flags.FLAGS

_TENSORBOARD = "" if importlib.util.find_spec("tensorboard") else " (pip install tensorboard)"

_USAGE = """\
Trains, evaluates and predicts with a legacy tf.estimator model_fn on today's TensorFlow.

  estimator-train                          train the embedded example, 344 penguins
  estimator-train --model_fn=my/model.py:model_fn --train_input_fn=my/data.py:train \\
      --eval_input_fn=my/data.py:heldout --model_dir=runs/1 --max_steps=10000

Flags that the program behind --model_fn defines itself may be given too."""

_CLOSING = """
Also: --flagfile=FILE reads flags from a file, one a line; --verbosity=0 shows TensorFlow's log, 1
whole stack traces; --helpfull lists every flag of every module.
Stdout has the results, stderr the rest. Exit codes: 0 done, 2 could not do it, 130 interrupted."""


def main() -> None:
    """Runs the binary on `sys.argv`."""
    train_flags.define(references=True)
    app.run(_main, flags_parser=_parse)


def _parse(arguments: Sequence[str]) -> list[str]:
    """Parses the flags known so far; the rest may belong to a program that is not loaded yet."""
    if {"--help", "-help", "-h", "--helpshort", "-?"} & set(arguments):
        print(_USAGE, train_flags.help_text(), _CLOSING, sep="\n")
        sys.exit(0)
    return _parsed(arguments, known_only=True)


def _parsed(arguments: Sequence[str], *, known_only: bool) -> list[str]:
    try:
        return FLAGS(arguments, known_only=known_only)
    except flags.Error as error:
        _fail(f"{error}; expected the flags of `estimator-train --help`; correct it.")


def _main(rest: Sequence[str]) -> None:
    def settings() -> TrainSettings:
        if FLAGS.model_fn is None:
            # No program is coming that could know more flags.
            _parse_rest(rest)
        return _or_example(train_flags.read())

    run_or_exit(settings, rest)


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
        logs.import_tensorflow()
        with open_display(every_steps=chosen.log_every_steps or 100) as display:
            logs.show_warnings_in(display)
            chosen = _ready(chosen, rest)
            outcome = _run(chosen, display)
        _report(chosen, outcome)
        sys.stdout.flush()
        return outcome.metrics
    except KeyboardInterrupt:
        _say(_interrupted(chosen.model_dir))
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads stdout any more; keep Python from failing on it again at its exit.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        sys.exit(0)
    except Exception as error:
        if logs.debugging():
            traceback.print_exc()
        _fail(describe(error))


def _ready(settings: TrainSettings, rest: Sequence[str]) -> TrainSettings:
    """Loads the functions that are named, parses the flags they brought, chooses a model_dir."""
    changes: dict[str, Any] = {
        name: references.load(value, flag=name)
        for name in train_flags.REFERENCES
        if isinstance(value := getattr(settings, name), str)
    }
    _parse_rest(rest)
    changes["model_dir"] = settings.model_dir or tempfile.mkdtemp(prefix="estimator-train-")
    return dataclasses.replace(settings, **changes)


def _run(settings: TrainSettings, display: Display) -> Outcome:
    # Imported here, because it imports TensorFlow.
    from estimator_compat.runs import Run

    return Run(settings, display).outcome()


def _parse_rest(rest: Sequence[str]) -> None:
    """Parses the flags that the loaded program has defined; what is still unknown is a mistake."""
    if extra := _parsed(rest, known_only=False)[1:]:
        raise ValueError(
            f"`{' '.join(extra)}` is no flag; expected --name=value; see `estimator-train --help`."
        )


def _fail(message: str) -> NoReturn:
    _say(f"{results.program_name()}: {message}")
    sys.exit(2)


def _say(text: str) -> None:
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


def _or_example(settings: TrainSettings) -> TrainSettings:
    """Fills in the embedded example where no model_fn is named."""
    if settings.model_fn is not None:
        return settings
    given = [name for name in train_flags.REFERENCES if getattr(settings, name) is not None]
    if given:
        raise ValueError(
            f"`--{given[0]}` is given without --model_fn; expected a model to go with it; add "
            "--model_fn, or leave all of them out to train the embedded example."
        )
    _say("No --model_fn is given: running the embedded example, which tells penguins apart.")
    missing = {name: v for name, v in PENGUINS.items() if getattr(settings, name) is None}
    params = {**PENGUINS["params"], **(settings.params or {})}
    return dataclasses.replace(settings, **{**missing, "params": params})


def _report(settings: TrainSettings, outcome: Outcome) -> None:
    if outcome.metrics:
        results.print_metrics(outcome.title, outcome.metrics)
    if settings.mode != "predict":
        _say(_what_next(settings))


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


if __name__ == "__main__":
    main()
