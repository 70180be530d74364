"""The arguments that name a target, and the target that they name."""

import argparse
from typing import Any

TARGET = """\
TARGET is `module:name` or `path/file.py:name` of
  a model_fn, beside --input_fn;
  a function without arguments that returns a migrate.Target (model_fn, input_fns, params, config),
  which serves closures and methods.
Behind a `--` stand the flags that this code itself defines.\
"""


def add(command: argparse.ArgumentParser, name: str | None = None) -> None:
    if name is None:
        command.add_argument("target", nargs="?", metavar="TARGET")
    else:
        command.add_argument(name, metavar="TARGET", help="the model that the checkpoint is for")
    command.add_argument("--input_fn", metavar="NAME", help="the input_fn of a model_fn")
    command.add_argument(
        "--params",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="hyperparameters, or a JSON file of them; may be repeated",
    )
    command.add_argument(
        "--facade",
        action="store_true",
        help="show the code TensorFlow as TensorFlow 1 programs knew it: tf.estimator, tf.contrib",
    )
    command.add_argument(
        "--legacy",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="an installed package that is to see the facade, too; may be repeated",
    )
    command.add_argument(
        "--verbose", action="store_true", help="TensorFlow's log, and whole traces of errors"
    )


def target(options: argparse.Namespace) -> Any:
    """Loads the `migrate.Target` that the options name; with no TARGET, the embedded example."""
    from estimator_compat.command_line import params
    from migrate import examples, targets

    packages = [name for text in options.legacy for name in text.split(",") if name]
    return targets.load(
        options.target or examples.PENGUINS,
        input_fn=options.input_fn,
        params=params.parse(options.params) or None,
        legacy=packages if packages or options.facade else None,
        flags=options.flags,
    )


def import_tensorflow(options: argparse.Namespace) -> None:
    """Imports TensorFlow, without its log and warnings unless `--verbose` asks for them."""
    if options.verbose:
        return
    import logging
    import warnings

    from estimator_compat.command_line import tensorflow_logs

    tensorflow_logs.import_tensorflow()
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
