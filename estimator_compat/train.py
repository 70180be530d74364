"""The training binary: `estimator-train` trains, evaluates and predicts with any legacy model_fn.

Stdout has the results: a table of metrics, or predictions as JSON lines. Stderr has progress and
errors. Exit codes: 0 for success, 2 for a mistake or a failure, 130 for an interruption.
"""

import dataclasses
import sys
from collections.abc import Sequence

from absl import app, flags

from estimator_compat import train_flags
from estimator_compat.command_line import closed_pipes, program, program_flags, version
from estimator_compat.command_line.settings import REFERENCES, TrainSettings
from estimator_compat.examples import PENGUINS

FLAGS = flags.FLAGS

_USAGE = """\
Trains, evaluates and predicts with a legacy tf.estimator model_fn on today's TensorFlow.

  estimator-train                          train the embedded example, 344 penguins
  estimator-train --model_fn=my/model.py:model_fn --train_input_fn=my/data.py:train \\
      --eval_input_fn=my/data.py:heldout --model_dir=runs/1 --max_steps=10000

The code behind --model_fn may define further flags. Give them in the same way."""

_CLOSING = """
Also: --flagfile=FILE reads flags from a file, one a line; --verbosity=0 shows TensorFlow's log, 1
whole stack traces; --helpfull lists every flag of every module; --version prints versions.
Stdout has the results, stderr the rest. Exit codes: 0 success, 2 an error, 130 interrupted."""


def main() -> int:
    """Runs the binary on `sys.argv`; ends quietly if the reader of its output has left.

    Returns:
      141 if the reader of the output has left. In all other cases, `app.run` exits the process.
    """
    return closed_pipes.call(_run)


def _run() -> int:
    train_flags.define(references=True)
    app.run(_main, flags_parser=_parse)
    return 0


def _parse(arguments: Sequence[str]) -> list[str]:
    """Parses the defined flags and returns the other arguments.

    The other arguments may be flags of a program that is loaded later.
    """
    if "--version" in arguments:
        print(version.text())
        sys.exit(0)
    if {"--help", "-help", "-h", "--helpshort", "-?"} & set(arguments):
        print(_USAGE, train_flags.help_text(), _CLOSING, sep="\n")
        sys.exit(0)
    try:
        return program_flags.parse(arguments, known_only=True, expected=program.FLAGS_OF_PROGRAM)
    except ValueError as error:
        program.exit_with(str(error))


def _main(unparsed: Sequence[str]) -> None:
    def read_settings() -> TrainSettings:
        if FLAGS.model_fn is None:
            # Without --model_fn no program is imported that could define these flags.
            program_flags.parse(unparsed, expected=program.FLAGS_OF_PROGRAM)
        return _or_example(train_flags.read())

    program.run(read_settings, unparsed)


def _or_example(settings: TrainSettings) -> TrainSettings:
    """Returns the settings; if `model_fn` is None, adds the settings of the embedded example."""
    if settings.model_fn is not None:
        return settings
    references = [name for name in REFERENCES if getattr(settings, name) is not None]
    if references:
        raise ValueError(
            f"`--{references[0]}` is given without --model_fn; expected a model to go with it; add "
            "--model_fn, or leave all of them out to train the embedded example."
        )
    program.say("No --model_fn is given: running the embedded example, which tells penguins apart.")
    missing = {name: v for name, v in PENGUINS.items() if getattr(settings, name) is None}
    if settings.export_dir is None:
        del missing["serving_input_fn"]
    params = {**PENGUINS["params"], **(settings.params or {})}
    return dataclasses.replace(settings, **{**missing, "params": params})


if __name__ == "__main__":
    sys.exit(main())
