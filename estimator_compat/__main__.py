"""The command `python -m estimator_compat`."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

_DESCRIPTION = """\
Runs programs that were written for tf.estimator on TensorFlow 2.16 and later.

  run    a whole program, unedited: its `import tensorflow as tf` is TensorFlow 1 again
  names  the names of tf.estimator and tf.contrib: which are here, not yet here, or never
"""
_NAMES = """\
Prints, as a Markdown table, every public name of tf.estimator and the tf.contrib symbols that
legacy projects use, each with its status: here; here, with a difference (which); not yet; never
(what to use instead).
"""
_NAMES_EXAMPLES = """\
examples:
  python -m estimator_compat names | grep HParams
"""
_RUN = """\
Runs a legacy program, unedited, on the TensorFlow that is installed. In the program and in
its own modules, `import tensorflow as tf` gives TensorFlow as TensorFlow 1 programs knew it:

  tf.*             from tf.compat.v1, with v2 behavior disabled (graphs, v1 shapes)
  tf.estimator     from estimator_compat
  tf.contrib       the symbols that legacy programs use most; some need the extra package tf-slim
                   (pip install 'estimator-compat[contrib]')

Programs that import tensorflow.compat.v1 work, too. Installed libraries still import the real
TensorFlow; name an installed package that is legacy itself with --legacy. A symbol that is not
there raises an error when it is used; the error says what could replace it.
"""
_EXAMPLES = """\
examples:
  python -m estimator_compat run train.py -- --model_dir=runs/1 --steps=100
  python -m estimator_compat run --legacy=bert train.py -- --data_dir=data
  python -m estimator_compat run -m official.r1.mnist.mnist -- --help
"""


def parser() -> argparse.ArgumentParser:
    """Builds the parser of the command line.

    Neither this function nor importing this module loads TensorFlow.
    """
    raw = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser(
        prog="python -m estimator_compat",
        description=_DESCRIPTION,
        epilog="Start with: python -m estimator_compat run --help",
        formatter_class=raw,
    )
    whole.add_argument("--version", action="store_true", help="print versions and exit")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser(
        "names",
        prog="python -m estimator_compat names",
        help="print which names are here",
        description=_NAMES,
        epilog=_NAMES_EXAMPLES,
        formatter_class=raw,
    )
    run = commands.add_parser(
        "run",
        prog="python -m estimator_compat run",
        allow_abbrev=False,
        help="run a legacy program, unedited",
        description=_RUN,
        epilog=_EXAMPLES,
        formatter_class=raw,
        usage="%(prog)s [--legacy=PACKAGE] [--loss_summaries] (SCRIPT | -m MODULE) [-- FLAG ...]",
    )
    run.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module, as `python -m` does"
    )
    run.add_argument(
        "--legacy",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="an installed package that is legacy, too; repeat it, or separate names by commas",
    )
    run.add_argument(
        "--loss_summaries",
        action="store_true",
        help="add `average_loss` and `loss_per_example` to the summaries and metrics of each "
        "Estimator that the program makes",
    )
    run.add_argument(
        "--verbose",
        action="store_true",
        help="show the lines of TensorFlow's C++ code and its deprecation warnings, too",
    )
    run.add_argument("program", nargs=argparse.REMAINDER, metavar="SCRIPT [-- FLAG ...]")
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; ends quietly if the reader of its output has left.

    A program that calls `sys.exit` ends the command with its own exit status. Arguments that the
    parser does not know end it with 2.

    Args:
      argv: The arguments without the program's name; None reads `sys.argv`.

    Returns:
      0, 1 for an error of an installed package that may be legacy, or 141 if the reader of the
      output has left.
    """
    from estimator_compat.command_line import closed_pipes

    return closed_pipes.call(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    whole = parser()
    options = whole.parse_args(argv)
    if options.version:
        from estimator_compat.command_line import version

        print(version.text())
        return 0
    if options.command is None:
        whole.print_help()
        return 0
    if options.command == "names":
        from estimator_compat.api import coverage

        print(coverage.render())
        return 0
    return _run(options, whole)


def _run(options: argparse.Namespace, whole: argparse.ArgumentParser) -> int:
    """Runs a program under the facade, and adds a hint to an error that --legacy may mend."""
    legacy = [name for names in options.legacy for name in names.split(",") if name]
    program = list(options.program)
    script = None if options.module else _script(program, whole)
    if program[:1] == ["--"]:
        del program[0]
    from estimator_compat import facade

    if not options.verbose:
        from estimator_compat.command_line import quiet_programs

        quiet_programs.prepare()
    if options.loss_summaries:
        _add_loss_summaries()
    try:
        if script is None:
            facade.run_module(options.module, program, legacy=legacy)
        else:
            facade.run_script(script, program, legacy=legacy)
    except (AttributeError, ImportError) as error:
        if (hint := facade.hint(error)) is None:
            raise
        traceback.print_exc()
        print(f"estimator_compat: {hint}", file=sys.stderr)
        return 1
    return 0


def _add_loss_summaries() -> None:
    """Has each Estimator that is made from now on write both loss summaries."""
    from estimator_compat.estimator import Estimator
    from estimator_compat.ledger.summary_wrapper import with_loss_summaries

    Estimator._adapt_model_fn = staticmethod(with_loss_summaries)  # noqa: SLF001


def _script(program: list[str], whole: argparse.ArgumentParser) -> str:
    """Removes the program's file from the front of `program`; without a file, ends the command."""
    if not program or program[0] == "--":
        whole.error("`run` was given no program; expected SCRIPT or -m MODULE; see `run --help`.")
    script = program.pop(0)
    if not os.path.isfile(script):
        whole.error(
            f"`{script}` is not a file; expected a Python program; check the path, which starts "
            f"at {os.getcwd()}, or run a module with -m."
        )
    return script


if __name__ == "__main__":
    sys.exit(main())
