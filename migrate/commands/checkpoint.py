"""`migrate checkpoint`: converts a checkpoint."""

import argparse

from migrate.commands import target_arguments
from migrate.commands.target_arguments import TARGET

HELP = "converts a checkpoint of an Estimator for a custom loop, or the other way round"
DESCRIPTION = f"""\
Converts between two kinds of checkpoints. An Estimator's checkpoint stores variables by name. A
hosted loop saves a tf.train.Checkpoint. The command recognizes the kind of SRC and writes the other
kind to DST. The optimizer's slots and the global step are converted, too. The command reports how
many names matched, which ones did not, and shapes that differ. DST must have no checkpoints: the
programs that resume there could not read the new one.

With --target, the variables of a model_fn are written. Nothing is written if a variable has no
value of its shape in SRC, or if a value has no variable. With --allow-partial, the checkpoint is
written anyway. Without --target, the names in SRC are written as they are. A model with partitioned
variables needs --target, because an Estimator's checkpoint has one value for all parts of such a
variable.

{TARGET}
"""
EPILOG = """\
exit status:
  0  everything matched, and the checkpoint was written
  1  something did not match
  2  an error

examples:
  migrate checkpoint runs/1 converted/
  migrate checkpoint runs/1/model.ckpt-1000 converted/ --target=targets.py:classifier
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "source", metavar="SRC", help="a checkpoint, or a folder, whose latest checkpoint is read"
    )
    parser.add_argument(
        "destination",
        metavar="DST",
        help="a folder, or the path of the checkpoint without the step, such as new/model.ckpt",
    )
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="write the checkpoint although something does not match",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write the checkpoint also into a folder that has checkpoints, as its latest one",
    )
    target_arguments.add(parser, "--target")


def run(options: argparse.Namespace) -> int:
    """Converts the checkpoint, prints a report, and returns the exit status."""
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
        force=options.force,
    )
    print(checkpoint_text.render(conversion), end="")
    return 0 if conversion.matching.exact else 1
