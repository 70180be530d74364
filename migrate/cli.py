"""The `migrate` command line."""

import argparse
from collections.abc import Sequence

_DESCRIPTION = """\
Brings code that was written for tf.estimator to TensorFlow 2.16 and later, in three rungs:

  run    the same model_fn, unchanged, on today's TensorFlow: `estimator-train` and
         `estimator_compat.Estimator`. It does what the real Estimator did.
  host   the same model_fn inside a TF2 custom loop, proved equal to the run.
  own    TF2 source that no longer needs this package.

This version has the first rung. The commands of the other two (ledger, verify, checkpoint, scan,
rewrite, translate, report, rules) are not in it yet.
"""


def parser() -> argparse.ArgumentParser:
    """Builds the parser; importing this module imports no TensorFlow."""
    return argparse.ArgumentParser(
        prog="migrate",
        description=_DESCRIPTION,
        epilog="Start with: estimator-train --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
      0, or 2 (through argparse) for arguments it does not know.
    """
    parser().parse_args(argv)
    parser().print_help()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
