"""The training binary's flags, for `estimator-train` itself and for any legacy `main(_)`.

A program that has its own model_fn and input_fns gets modes, checkpoints, progress, result tables
and loss summaries in two calls:

    from absl import app
    from estimator_compat import train_flags

    train_flags.define()

    def main(_):
        train_flags.run(model_fn=model_fn, train_input_fn=train_inputs, eval_input_fn=eval_inputs)

    if __name__ == "__main__":
        app.run(main)
"""

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

from absl import flags

from estimator_compat.command_line import params as params_text
from estimator_compat.command_line.settings import LOADING, NOT_SHARED, TrainSettings, fields

FLAGS = flags.FLAGS


def define(*, references: bool = False) -> None:
    """Defines the flags as key flags of the main program, so that its `--help` shows them.

    A flag that the program has already defined is not defined again. Its value is read, unless it
    is the name of an option that programs use for something else, such as `--strategy`.

    Args:
      references: Whether to define the flags that name and load functions, such as `--model_fn`. A
        program that passes its own functions to `run` does not need them.
    """
    for field in fields():
        if field.name in FLAGS or (field.name in LOADING and not references):
            continue
        # `allow_override`: a program loaded later may define a flag of the same name.
        field.metadata["define"](
            name=field.name,
            default=field.default,
            help=field.metadata["help"],
            module_name=sys.argv[0],
            allow_override=True,
        )


def read(**settings: Any) -> TrainSettings:
    """Returns the settings that the parsed flags have.

    Args:
      **settings: Fields of `TrainSettings` that replace the values of the flags. Only `params` is
        merged: the values of `--params` replace its values of the same names.
    """
    values = {field.name: FLAGS[field.name].value for field in fields() if _is_read(field)}
    if from_flags := values.pop("params", None):
        values["params"] = {**(settings.pop("params", None) or {}), **params_text.parse(from_flags)}
    return TrainSettings(**{**values, **settings})


def _is_read(field: dataclasses.Field[Any]) -> bool:
    """Returns whether a flag is defined, and is not a program's own flag of another meaning."""
    if field.name not in FLAGS:
        return False
    is_ours = FLAGS[field.name].help == field.metadata["help"]
    return is_ours or field.name not in NOT_SHARED


def run(**settings: Any) -> Mapping[str, Any]:
    """Trains, evaluates or predicts as the flags say: the whole body of a legacy `main(_)`.

    Mistakes and Ctrl-C end the program with a message on stderr and exit code 2 or 130.

    Args:
      **settings: Any field of `TrainSettings`: `model_fn` and the input functions at least.

    Returns:
      The metrics of the last evaluation; for --mode=train the global step and the last loss; an
      empty mapping for predictions, and if there was nothing to train.
    """
    from estimator_compat.command_line import program

    return program.run(lambda: read(**settings))


def help_text() -> str:
    """Returns the help text of the flags, grouped by heading, for `estimator-train --help`."""
    lines: list[str] = []
    heading = None
    for field in fields():
        if field.metadata["group"] != heading:
            heading = field.metadata["group"]
            lines += ["", f"{heading}:"]
        shown = f"[no]{field.name}" if isinstance(field.default, bool) else field.name
        default = "" if field.default is None else f" (default: {field.default})".lower()
        text = flags.text_wrap(field.metadata["help"] + default, indent="      ")
        lines += [f"  --{shown}", text]
    return "\n".join(lines)
