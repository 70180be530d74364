"""`migrate ledger`."""

import argparse
import json

from migrate.commands import target_arguments
from migrate.commands.argument_types import positive
from migrate.commands.target_arguments import TARGET

HELP = "what a model_fn's loss is made of, checked on real batches"
DESCRIPTION = f"""\
Says exactly what a model_fn's `loss` computes, in TRAIN and in EVAL: its terms, the per-example
losses behind each, their weights and reduction, the regularization, and the lines of code that they
come from; what a short last batch, weights of zero and several replicas do to it, and what its
nearest equal in Keras is. It recomputes the loss from these parts on real batches of the input,
and says whether it got the model_fn's own number.

{TARGET}
With no TARGET it shows the embedded example.
"""
EPILOG = """\
exit status: 0 nothing to look at; 1 a caution, a part that is not understood, or a failed check;
2 the ledger could not be made.

examples:
  migrate ledger
  migrate ledger --facade model.py:model_fn --input_fn=data.py:train --params=learning_rate=0.1
  migrate ledger --legacy=bert targets.py:classifier --format=json -- --some_flag_of_it=1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    target_arguments.add(parser)
    parser.add_argument(
        "--mode", choices=["train", "eval"], help="only one of the two modes (default: both)"
    )
    parser.add_argument(
        "--batches", type=positive, default=3, metavar="N", help="to check it on (default: 3)"
    )
    parser.add_argument("--checkpoint", metavar="PATH", help="gives the variables their values")
    parser.add_argument("--format", choices=["text", "json"], default="text")


def run(options: argparse.Namespace) -> int:
    target_arguments.import_tensorflow(options)
    from estimator_compat.ledger import cautions
    from migrate import measured_ledger
    from migrate.reports import ledger_text

    target = target_arguments.target(options)
    modes = [options.mode] if options.mode else ["train", "eval"]
    how = {"batches": options.batches, "checkpoint": options.checkpoint}
    ledgers = [measured_ledger.examine(target, mode, **how) for mode in modes]
    if options.format == "json":
        print(json.dumps([ledger.to_json() for ledger in ledgers], indent=2))
    else:
        print(ledger_text.render(ledgers), end="")
    warned = [caution for ledger in ledgers for caution in cautions.warnings(ledger)]
    if len(ledgers) == 2:
        warned += cautions.differences(*ledgers)
    passed = all(ledger.check is not None and ledger.check.passed for ledger in ledgers)
    return 0 if passed and not warned else 1
