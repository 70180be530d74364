"""`migrate ledger`: explains a loss."""

import argparse
import json
from typing import Any

from migrate.commands import target_arguments
from migrate.commands.argument_types import positive
from migrate.commands.target_arguments import TARGET

HELP = "explains what a model_fn's loss is made of, and checks it on real batches"
DESCRIPTION = f"""\
Explains what a model_fn's `loss` computes, in TRAIN and in EVAL. The command lists the terms of the
loss. For each term it shows the per-example losses, their weights, the reduction, and the lines of
code that they come from. It explains what a short last batch, weights of zero and several replicas
do to the loss, and names its equal in Keras. To check itself, it recomputes the loss from these
parts on real batches of the input, and compares it with the model_fn's own number. Each sentence is
tried on batches that are made for it: with the examples in another order, without one of them, on
two halves, with other weights. What no batch has shown is said to be not known.

{TARGET}
Without TARGET, the command explains the loss of the embedded example.
"""
EPILOG = """\
exit status:
  0  the loss is understood, checked, and without cautions
  1  there is a caution, a part that is not understood, or a failed check
  2  an error

examples:
  migrate ledger
  migrate ledger --facade model.py:model_fn --input_fn=data.py:train --params=learning_rate=0.1
  migrate ledger --legacy=bert targets.py:classifier --format=json -- --a_flag_of_targets_py=1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    target_arguments.add(parser)
    parser.add_argument(
        "--mode",
        choices=["train", "eval"],
        help="explain the loss of this mode only (default: both)",
    )
    parser.add_argument(
        "--batches",
        type=positive,
        default=3,
        metavar="N",
        help="number of batches to check the loss on (default: 3)",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="a checkpoint with values for the variables, or a folder, whose latest one is read "
        "(default: initial values)",
    )
    parser.add_argument(
        "--format",
        choices=["text", "json"],
        default="text",
        help="how to print the result (default: text)",
    )


def run(options: argparse.Namespace) -> int:
    """Prints the ledgers and returns the exit status."""
    target_arguments.import_tensorflow(options)
    from estimator_compat.ledger import cautions
    from migrate import measured_ledger
    from migrate.reports import ledger_text

    target = target_arguments.target(options)
    how = {"batches": options.batches, "checkpoint": options.checkpoint}
    if options.mode:
        ledgers = [measured_ledger.examine(target, options.mode, **how)]
    else:
        ledgers = [*measured_ledger.examine_both(target, **how)]
    if options.format == "json":
        print(json.dumps([_as_json(ledger) for ledger in ledgers], indent=2))
    else:
        print(ledger_text.render(ledgers) + ledger_text.render_hints(ledgers), end="")
    warnings = [caution for ledger in ledgers for caution in cautions.warnings(ledger)]
    if len(ledgers) == 2:
        warnings += cautions.differences(*ledgers)
    passed = all(ledger.check is not None and ledger.check.passed for ledger in ledgers)
    return 0 if passed and not warnings else 1


def _as_json(ledger: Any) -> dict[str, Any]:
    """Returns a ledger with its cautions and hints, in the types of JSON."""
    from estimator_compat.ledger import cautions, json_values

    fields: dict[str, Any] = ledger.to_json()
    fields["cautions"] = [json_values.to_json(each) for each in cautions.warnings(ledger)]
    fields["hints"] = [json_values.to_json(each) for each in cautions.hints(ledger)]
    return fields
