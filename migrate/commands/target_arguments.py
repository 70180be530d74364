"""The command line arguments that name a target, and the loading of that target."""

import argparse
import shlex
from typing import Any

TARGET = """\
TARGET is `module:name` or `path/file.py:name`. It names one of these three:
  - a model_fn; --input_fn then names its input_fn
  - an Estimator, such as a DNNClassifier, or a function that returns one; --input_fn names its
    input_fn, unless the function returns the TrainSpec and EvalSpec, too; --params gives the
    arguments of the function
  - a function without arguments that returns a migrate.Target(model_fn=..., input_fns=...,
    params=..., config=...); it is needed if the model_fn is a closure or a method
If this code defines flags of its own, give them at the end, after `--`.\
"""


def add(command: argparse.ArgumentParser, name: str | None = None) -> None:
    """Adds the arguments to a command's parser.

    Args:
      command: The parser.
      name: The option that names the target, such as "--target"; None makes it a positional
        argument.
    """
    if name is None:
        command.add_argument("target", nargs="?", metavar="TARGET", help="see above")
    else:
        command.add_argument(name, metavar="TARGET", help="the model that the checkpoint is for")
    command.add_argument(
        "--input_fn",
        metavar="NAME",
        help="the input_fn, if TARGET is a model_fn or an Estimator",
    )
    command.add_argument(
        "--eval_input_fn",
        metavar="NAME",
        help="the input_fn of evaluation and prediction (default: that of --input_fn)",
    )
    command.add_argument(
        "--params",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a hyperparameter, or the path of a JSON file of them; may be repeated",
    )
    command.add_argument(
        "--facade",
        action="store_true",
        help="for TensorFlow 1 code: TARGET can use tf.estimator, tf.contrib and other names that "
        "TensorFlow 2 no longer has",
    )
    command.add_argument(
        "--legacy",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="an installed package that is TensorFlow 1 code, too; implies --facade; may be "
        "repeated",
    )
    command.add_argument(
        "--verbose", action="store_true", help="show TensorFlow's log, and the tracebacks of errors"
    )


def shown(options: argparse.Namespace, *others: str) -> str:
    """Returns the arguments that name the target, and others, as a shell takes them."""
    found = [options.target] if options.target else []
    found += ["--facade"] if options.facade else []
    found += [f"--legacy={name}" for name in options.legacy]
    found += [f"--input_fn={options.input_fn}"] if options.input_fn else []
    found += [f"--eval_input_fn={options.eval_input_fn}"] if options.eval_input_fn else []
    found += [f"--params={one}" for one in options.params]
    return shlex.join([*found, *others, *(["--", *options.flags] if options.flags else [])])


def target(options: argparse.Namespace) -> Any:
    """Loads the `migrate.Target` that the options name; without TARGET, the embedded example."""
    from estimator_compat.command_line import params
    from migrate import examples, targets

    packages = [name for text in options.legacy for name in text.split(",") if name]
    return targets.load(
        options.target or examples.PENGUINS,
        input_fn=_input_fns(options),
        params=params.parse(options.params) or None,
        legacy=packages if packages or options.facade else None,
        flags=options.flags,
        traceback="with --verbose",
    )


def _input_fns(options: argparse.Namespace) -> Any:
    """Returns the name of the input_fn, or the names by mode."""
    from estimator_compat.mode_keys import ModeKeys

    evaluation = options.eval_input_fn
    if not evaluation:
        return options.input_fn
    if not options.input_fn:
        raise ValueError(
            f"`--eval_input_fn` ({evaluation}) is given without --input_fn; expected both; add "
            "--input_fn=NAME for the input of training."
        )
    return {
        ModeKeys.TRAIN: options.input_fn,
        ModeKeys.EVAL: evaluation,
        ModeKeys.PREDICT: evaluation,
    }


def import_tensorflow(options: argparse.Namespace) -> None:
    """Imports TensorFlow and hides its log and warnings; with `--verbose`, does nothing."""
    if options.verbose:
        return
    import logging
    import warnings

    from estimator_compat.command_line import tensorflow_logs

    tensorflow_logs.import_tensorflow()
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
