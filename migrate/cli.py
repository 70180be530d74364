"""The `migrate` command line."""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

_DESCRIPTION = """\
Brings code that was written for tf.estimator to TensorFlow 2.16 and later, in three rungs:

  run    the same model_fn, unchanged, on today's TensorFlow: `estimator-train` and
         `estimator_compat.Estimator`. It does what the real Estimator did.
  host   the same model_fn inside a TF2 custom loop, proved equal to the run.
  own    TF2 source that no longer needs this package.

This version has the first two, and the ledger, which says what a model_fn's loss is made of. The
commands of the third (scan, rewrite, translate, report, rules) are not in it yet.
"""
_TOLERANCES = ("losses", "gradients", "variables", "updates", "metrics", "predictions")
_TARGET = """\
TARGET is `module:name` or `path/file.py:name` of
  a model_fn, beside --input_fn;
  a function without arguments that returns a migrate.Target (model_fn, input_fns, params, config),
  which serves closures and methods.
Behind a `--` stand the flags that this code itself defines.\
"""
_VERIFY = f"""\
Proves that the model_fn inside a TF2 custom loop (migrate.host) computes what it computes under an
Estimator. Both start from the same weights, see the same batches and draw the same random numbers.
They are compared in stages: the variables, the forward pass, the gradients, one step, many steps,
evaluation, predictions. For each stage it prints the largest difference of two numbers, absolute,
relative and in units in the last place (floats of that type in between), and where it is.

"identical" is bit for bit; "equivalent" is within the tolerances that the verdict names, or, where
a note says so, at most ten times as far apart as the run is from itself when its weights begin one
unit in the last place away.

{_TARGET}
With no TARGET it verifies the embedded example.
"""
_VERIFY_EXAMPLES = """\
exit status: 0 identical or equivalent; 1 different; 2 it could not be verified.

examples:
  migrate verify
  migrate verify --facade model.py:model_fn --input_fn=data.py:train --steps=20
  migrate verify targets.py:classifier --format=json --plot=losses.png

A loop of your own is compared with a few lines of Python: see help(migrate.verify).
"""
_LEDGER = f"""\
Says exactly what a model_fn's `loss` computes, in TRAIN and in EVAL: its terms, the per-example
losses behind each, their weights and reduction, the regularization, and the lines of code that they
come from; what a short last batch, weights of zero and several replicas do to it, and what its
nearest equal in Keras is. It recomputes the loss from these parts on real batches of the input,
and says whether it got the model_fn's own number.

{_TARGET}
With no TARGET it shows the embedded example.
"""
_LEDGER_EXAMPLES = """\
exit status: 0 nothing to look at; 1 a caution, a part that is not understood, or a failed check;
2 the ledger could not be made.

examples:
  migrate ledger
  migrate ledger --facade model.py:model_fn --input_fn=data.py:train --params=learning_rate=0.1
  migrate ledger --legacy=bert targets.py:classifier --format=json -- --some_flag_of_it=1
"""


_CHECKPOINT = f"""\
Writes a checkpoint in the other of two kinds: an Estimator's, which knows variables by their names,
and tf.train.Checkpoint's, as a hosted loop saves it. Both ways; the optimizer's slots and the
global step are variables, too. It lists what matched, what did not, and shapes that differ.

With --target the variables are those of a model_fn: if one has no value of its shape, or a value no
variable, nothing is written, unless --allow-partial is given. Without it the checkpoint's own names
are taken; a model with partitioned variables needs it, since an Estimator's checkpoint has one
value for all parts of such a variable.

{_TARGET}
"""
_CHECKPOINT_EXAMPLES = """\
exit status: 0 all matched, and it was written; 1 something did not match; 2 it could not be done.

examples:
  migrate checkpoint runs/1 converted/
  migrate checkpoint runs/1/model.ckpt-1000 converted/ --target=targets.py:classifier
"""


def parser() -> argparse.ArgumentParser:
    """Builds the parser; importing this module imports no TensorFlow."""
    raw = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser(
        prog="migrate",
        description=_DESCRIPTION,
        epilog="Start with: migrate verify, and: estimator-train --help",
        formatter_class=raw,
    )
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    _add_verify(commands)
    ledger = commands.add_parser(
        "ledger",
        help="what a model_fn's loss is made of, checked on real batches",
        description=_LEDGER,
        epilog=_LEDGER_EXAMPLES,
        formatter_class=raw,
        allow_abbrev=False,
    )
    _add_target(ledger)
    ledger.add_argument(
        "--mode", choices=["train", "eval"], help="only one of the two modes (default: both)"
    )
    ledger.add_argument(
        "--batches", type=_positive, default=3, metavar="N", help="to check it on (default: 3)"
    )
    ledger.add_argument("--checkpoint", metavar="PATH", help="gives the variables their values")
    ledger.add_argument("--format", choices=["text", "json"], default="text")
    ledger.set_defaults(run=_ledger)
    checkpoint = commands.add_parser(
        "checkpoint",
        help="convert a checkpoint between an Estimator's kind and a custom loop's",
        description=_CHECKPOINT,
        epilog=_CHECKPOINT_EXAMPLES,
        formatter_class=raw,
        allow_abbrev=False,
    )
    checkpoint.add_argument("source", metavar="SRC", help="a checkpoint, or a folder's latest")
    checkpoint.add_argument("destination", metavar="DST", help="a folder, or a path without step")
    checkpoint.add_argument(
        "--allow-partial",
        action="store_true",
        help="write it although something does not match",
    )
    _add_target(checkpoint, "--target")
    checkpoint.set_defaults(run=_checkpoint)
    return whole


def _add_target(command: argparse.ArgumentParser, name: str | None = None) -> None:
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


def _add_verify(commands: Any) -> None:
    verify = commands.add_parser(
        "verify",
        help="proves that a hosted model_fn computes what it computes under an Estimator",
        description=_VERIFY,
        epilog=_VERIFY_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_target(verify)
    verify.add_argument(
        "--steps", type=_positive, default=100, metavar="N", help="to train (default: 100)"
    )
    verify.add_argument(
        "--eval_steps", type=_positive, default=100, metavar="N", help="batches (default: 100)"
    )
    verify.add_argument(
        "--tolerance",
        type=_tolerance,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"relative, of {', '.join(_TOLERANCES)}; may be repeated",
    )
    verify.add_argument("--format", choices=["text", "json"], default="text")
    verify.add_argument("--plot", metavar="FILE.png", help="of both losses and their difference")
    verify.set_defaults(run=_verify)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"({text}) must be a positive integer")
    return number


def _tolerance(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if name not in _TOLERANCES or not 0 <= number < 1:
        raise argparse.ArgumentTypeError(
            f"({text}) must be one of {', '.join(_TOLERANCES)}, with a number from 0 to 1, as in "
            "losses=1e-5"
        )
    return name, number


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
      0, 1 where a command found something, 2 where it could not be done.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    options, flags = _split(given)
    whole = parser()
    chosen = whole.parse_args(options)
    if chosen.command is None:
        whole.print_help()
        return 0
    chosen.flags = flags
    try:
        status: int = chosen.run(chosen)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 0
    except Exception as error:
        return _failed(error, chosen)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Splits off what comes after `--`: the flags of the user's own code."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _failed(error: Exception, chosen: argparse.Namespace) -> int:
    from estimator_compat.command_line.error_text import describe

    if chosen.verbose:
        traceback.print_exception(error)
    print(f"migrate {chosen.command}: {describe(error)}", file=sys.stderr)
    is_missing = isinstance(error, AttributeError | ImportError) and "tensorflow" in str(error)
    if is_missing and not (chosen.facade or chosen.legacy):
        print("Code that was written for TensorFlow 1 needs --facade.", file=sys.stderr)
    return 2


def _quiet(chosen: argparse.Namespace) -> None:
    """Imports TensorFlow without its talk."""
    if chosen.verbose:
        return
    import logging
    import warnings

    from estimator_compat.command_line import tensorflow_logs

    tensorflow_logs.import_tensorflow()
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _verify(chosen: argparse.Namespace) -> int:
    _quiet(chosen)
    from migrate.hosting import eager_mode
    from migrate.reports import verdict_plot, verdict_text
    from migrate.verifying.verdict import Outcome, Tolerances
    from migrate.verifying.verify import verify

    if chosen.plot:
        verdict_plot.require(chosen.plot)
    eager_mode.keep_eager_execution()
    verdict = verify(
        _target(chosen),
        steps=chosen.steps,
        eval_steps=chosen.eval_steps,
        tolerances=Tolerances(**dict(chosen.tolerance)),
        progress=_Progress(),
    )
    if chosen.format == "json":
        print(json.dumps(verdict.to_json(), indent=2))
    else:
        print(verdict_text.render(verdict), end="")
    if chosen.plot:
        verdict_plot.save(verdict, chosen.plot)
    if verdict.passed:
        return 0
    return 1 if verdict.outcome is Outcome.DIFFERENT else 2


class _Progress:
    """Writes to stderr what a long command is doing, every few seconds."""

    EVERY = 5.0  # seconds

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, message: str) -> None:
        now = time.monotonic()
        if now - self._last >= self.EVERY:
            self._last = now
            print(f"... {message}", file=sys.stderr, flush=True)


def _target(chosen: argparse.Namespace) -> Any:
    from estimator_compat.command_line import params
    from migrate import examples, targets

    names = [name for one in chosen.legacy for name in one.split(",") if name]
    return targets.load(
        chosen.target or examples.PENGUINS,
        input_fn=chosen.input_fn,
        params=params.parse(chosen.params) or None,
        legacy=names if names or chosen.facade else None,
        flags=chosen.flags,
    )


def _checkpoint(chosen: argparse.Namespace) -> int:
    _quiet(chosen)
    from migrate import checkpoint_conversion
    from migrate.hosting import eager_mode
    from migrate.reports import checkpoint_text

    eager_mode.keep_eager_execution()
    done = checkpoint_conversion.convert(
        chosen.source,
        chosen.destination,
        target=_target(chosen) if chosen.target else None,
        allow_partial=chosen.allow_partial,
    )
    print(checkpoint_text.render(done), end="")
    return 0 if done.matching.exact else 1


def _ledger(chosen: argparse.Namespace) -> int:
    _quiet(chosen)
    from estimator_compat.ledger import explanations
    from migrate import measured_ledger
    from migrate.reports import ledger_text

    target = _target(chosen)
    modes = [chosen.mode] if chosen.mode else ["train", "eval"]
    found = [
        measured_ledger.examine(target, mode, batches=chosen.batches, checkpoint=chosen.checkpoint)
        for mode in modes
    ]
    if chosen.format == "json":
        print(json.dumps([ledger.to_json() for ledger in found], indent=2))
    else:
        print(ledger_text.render(found), end="")
    cautions = [one for ledger in found for one in explanations.warnings(ledger)]
    if len(found) == 2:
        cautions += explanations.differences(*found)
    passed = all(ledger.check is not None and ledger.check.passed for ledger in found)
    return 0 if passed and not cautions else 1


if __name__ == "__main__":
    raise SystemExit(main())
