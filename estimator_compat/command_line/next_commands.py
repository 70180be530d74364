"""Suggests commands to run next: the command of this run, with some of its flags changed."""

import importlib.util
import os
import shlex
import sys
from typing import Any

from absl import flags

from estimator_compat import package_files
from estimator_compat.command_line.settings import TrainSettings

FLAGS = flags.FLAGS


def after_run(settings: TrainSettings) -> str:
    """Returns the commands that may follow a run, as shell lines with comments."""
    place = settings.model_dir
    missing = "" if importlib.util.find_spec("tensorboard") else " (pip install tensorboard)"
    advice = {f"watch the losses{missing}": f"tensorboard --logdir={shlex.quote(str(place))}"}
    if settings.eval_input_fn is not None and settings.per_example_losses is None:
        advice["list the evaluation examples with the largest losses"] = command(
            # An evaluation exports nothing.
            export_dir=None,
            serving_input_fn=None,
            model_dir=place,
            mode="evaluate",
            per_example_losses="worst.csv",
            worst=20,
        )
    if settings.mode in ("train", "train_and_evaluate"):
        more = settings.max_steps and 2 * settings.max_steps
        advice["train on from the last checkpoint"] = command(model_dir=place, max_steps=more)
    lines = (f"  # {comment}\n  {line}" for comment, line in advice.items())
    return "\n".join([f"Checkpoints and event files are in {place}", "Next:", *lines])


def after_interruption(model_dir: str | None) -> str:
    """Returns a message with the command that resumes from the last checkpoint.

    If there is no checkpoint, the same command starts the training again.
    """
    again = command(model_dir=model_dir)
    checkpoint = None
    if model_dir is not None:
        import tensorflow as tf

        checkpoint = tf.train.latest_checkpoint(model_dir)
    if checkpoint is None:
        return f"Interrupted before the first checkpoint; start again with:\n  {again}"
    return (
        f"Interrupted. The last whole checkpoint is {checkpoint}; resume from it with:\n  {again}"
    )


def command(**changes: Any) -> str:
    """Returns the command line that ran this program, with some flags changed.

    Args:
      **changes: The new values of flags by their names; None leaves a flag out.
    """
    unchanged = (
        FLAGS[name].serialize().split("\n")
        for name in FLAGS
        if FLAGS[name].present and FLAGS[name].name == name and name not in {*changes, "flagfile"}
    )
    changed = [f"--{name}={value}" for name, value in changes.items() if value is not None]
    return shlex.join([*_program(), *(text for texts in unchanged for text in texts), *changed])


def program_name() -> str:
    """Returns the name of this program for messages and log lines."""
    return _program()[-1]


def _program() -> list[str]:
    name = os.path.basename(sys.argv[0])
    if name == "train.py" and package_files.is_ours(os.path.abspath(sys.argv[0])):
        return ["python", "-m", "estimator_compat.train"]
    return ["python", sys.argv[0]] if name.endswith(".py") else [name]
