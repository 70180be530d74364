"""`migrate rules`: what the rules of a scan find, and why."""

import argparse

HELP = "explains the rules of `migrate scan`"
DESCRIPTION = """\
Lists the rules of `migrate scan`: code, severity, effort in minutes, name and what the rule finds.
With CODE, prints the page of a rule: what it finds, why it matters, how safe its edit is, where
that is written down, how long it takes to mend, and examples.
"""
EPILOG = """\
exit status:
  0  always, but
  2  for a code that does not exist

examples:
  migrate rules
  migrate rules REM101
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="print the page of this rule")


def run(options: argparse.Namespace) -> int:
    """Prints the list or a page, and returns the exit status."""
    from migrate import rules
    from migrate.rules import base

    if options.code is None:
        print(rules.table(), end="")
    else:
        print(base.page(rules.find(options.code)), end="")
    return 0
