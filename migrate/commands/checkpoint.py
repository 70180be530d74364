"""`migrate checkpoint`."""

import argparse

from migrate.commands import target_arguments
from migrate.commands.target_arguments import TARGET

HELP = "convert a checkpoint between an Estimator's kind and a custom loop's"
DESCRIPTION = f"""\
Writes a checkpoint in the other of two kinds: an Estimator's, which knows variables by their names,
and tf.train.Checkpoint's, as a hosted loop saves it. Both ways; the optimizer's slots and the
global step are variables, too. It lists what matched, what did not, and shapes that differ.

With --target the variables are those of a model_fn: if one has no value of its shape, or a value no
variable, nothing is written, unless --allow-partial is given. Without it the checkpoint's own names
are taken; a model with partitioned variables needs it, since an Estimator's checkpoint has one
value for all parts of such a variable.

{TARGET}
"""
EPILOG = """\
exit status: 0 all matched, and it was written; 1 something did not match; 2 it could not be done.

examples:
  migrate checkpoint runs/1 converted/
  migrate checkpoint runs/1/model.ckpt-1000 converted/ --target=targets.py:classifier
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SRC", help="a checkpoint, or a folder's latest")
    parser.add_argument("destination", metavar="DST", help="a folder, or a path without step")
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="write it although something does not match",
    )
    target_arguments.add(parser, "--target")


def run(options: argparse.Namespace) -> int:
    target_arguments.import_tensorflow(options)
    from migrate import checkpoint_conversion
    from migrate.hosting import eager_mode
    from migrate.reports import checkpoint_text

    eager_mode.keep_eager_execution()
    conversion = checkpoint_conversion.convert(
        options.source,
        options.destination,
        target=target_arguments.target(options) if options.target else None,
        allow_partial=options.allow_partial,
    )
    print(checkpoint_text.render(conversion), end="")
    return 0 if conversion.matching.exact else 1
