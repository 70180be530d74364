"""The `migrate` command line."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from migrate import commands

_DESCRIPTION = """\
Brings code that was written for tf.estimator to TensorFlow 2.16 and later, in three rungs:

  run    The same model_fn, unchanged, on today's TensorFlow: `estimator-train` and
         `estimator_compat.Estimator`. They do what the original Estimator did.
  host   The same model_fn inside a TF2 custom loop. `migrate verify` proves that the loop computes
         the same as the Estimator.
  own    TF2 source code that no longer needs this package. `migrate translate` writes it, and
         proves that it computes the same.

`migrate ledger` explains what a model_fn's loss is made of. `migrate scan` finds in source code
what TensorFlow 2.16 and later lack, `migrate rewrite` makes the safe edits, and `migrate report`
writes all of it on one page.
"""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """Returns the parser of the command line, without importing TensorFlow.

    Args:
      only: The command that is asked for: if there is one of this name, the parser has no other.
    """
    formatter = argparse.RawDescriptionHelpFormatter
    main_parser = argparse.ArgumentParser(
        prog="migrate",
        description=_DESCRIPTION,
        epilog="Start with: migrate translate, and: estimator-train --help",
        formatter_class=formatter,
    )
    main_parser.add_argument("--version", action="store_true", help="print versions and exit")
    subparsers = main_parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in commands.catalogue(only).items():
        subparser = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EPILOG,
            formatter_class=formatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run, parser=subparser)
    return main_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; ends quietly if the reader of its output has left.

    Args:
      argv: The arguments without the program's name; None reads `sys.argv`.

    Returns:
      The exit status: 0 for success, 1 if the command found something, 2 for an error, 130 after
      Ctrl-C, 141 if the reader of the output has left.
    """
    from estimator_compat.command_line import closed_pipes

    return closed_pipes.call(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    arguments, flags = _split(list(sys.argv[1:] if argv is None else argv))
    main_parser = parser(arguments[0] if arguments else None)
    options, unknown = main_parser.parse_known_args(arguments)
    if unknown:
        _refuse(main_parser, unknown, options)
    if options.version:
        from estimator_compat.command_line import version

        print(version.text())
        return 0
    if options.command is None:
        main_parser.print_help()
        return 0
    options.flags = flags
    try:
        status: int = options.run(options)
        return status
    except KeyboardInterrupt:
        print(f"migrate {options.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        return _report_error(error, options)


def _refuse(
    main_parser: argparse.ArgumentParser, unknown: list[str], options: argparse.Namespace
) -> NoReturn:
    """Ends with the usage of the command, and what a mistyped option may have meant."""
    import difflib
    import re

    command: argparse.ArgumentParser = getattr(options, "parser", main_parser)
    known = re.findall(r"--[\w-]+", command.format_usage())
    names = [one.partition("=")[0] for one in unknown]
    near = [close for name in names for close in difflib.get_close_matches(name, known, n=1)]
    meant = f"; did you mean {near[0]}?" if near else ""
    command.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Returns the arguments before `--`, and those after it: the flags of the user's own code."""
    if "--" not in arguments:
        return arguments, []
    index = arguments.index("--")
    return arguments[:index], arguments[index + 1 :]


def _report_error(error: Exception, options: argparse.Namespace) -> int:
    from estimator_compat.command_line.error_text import describe
    from migrate.commands import error_hints

    if vars(options).get("verbose"):
        import traceback

        traceback.print_exception(error)
    print(f"migrate {options.command}: {describe(error)}", file=sys.stderr)
    uses_facade = bool(vars(options).get("facade") or vars(options).get("legacy"))
    if not uses_facade and error_hints.is_of_legacy_code(error):
        print("Code that was written for TensorFlow 1 needs --facade.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
