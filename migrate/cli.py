"""The `migrate` command line."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from migrate import commands

_DESCRIPTION = """\
Brings code that was written for tf.estimator to TensorFlow 2.16 and later, in three rungs:

  run    the same model_fn, unchanged, on today's TensorFlow: `estimator-train` and
         `estimator_compat.Estimator`. It does what the real Estimator did.
  host   the same model_fn inside a TF2 custom loop, proved equal to the run.
  own    TF2 source that no longer needs this package.

This version has the first two, and the ledger, which says what a model_fn's loss is made of. The
commands of the third (scan, rewrite, translate, report, rules) are not in it yet.
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
    subparsers = whole.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in commands.catalogue().items():
        subparser = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EPILOG,
            formatter_class=raw,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
      0, 1 where a command found something, 2 where it could not be done.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    arguments, flags = _split(given)
    whole = parser()
    options = whole.parse_args(arguments)
    if options.command is None:
        whole.print_help()
        return 0
    options.flags = flags
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 0
    except Exception as error:
        return _failed(error, options)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Splits off what comes after `--`: the flags of the user's own code."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _failed(error: Exception, options: argparse.Namespace) -> int:
    from estimator_compat.command_line.error_text import describe

    if vars(options).get("verbose"):
        traceback.print_exception(error)
    print(f"migrate {options.command}: {describe(error)}", file=sys.stderr)
    is_missing = isinstance(error, AttributeError | ImportError) and "tensorflow" in str(error)
    if is_missing and not (vars(options).get("facade") or vars(options).get("legacy")):
        print("Code that was written for TensorFlow 1 needs --facade.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
