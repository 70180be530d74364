"""`migrate verify`."""

import argparse
import json

from migrate.commands import target_arguments
from migrate.commands.argument_types import positive
from migrate.commands.target_arguments import TARGET

HELP = "proves that a hosted model_fn computes what it computes under an Estimator"
DESCRIPTION = f"""\
Proves that the model_fn inside a TF2 custom loop (migrate.host) computes what it computes under an
Estimator. Both start from the same weights, see the same batches and draw the same random numbers.
They are compared in stages: the variables, the forward pass, the gradients, one step, many steps,
evaluation, predictions. For each stage it prints the largest difference of two numbers, absolute,
relative and in units in the last place (floats of that type in between), and where it is.

"identical" is bit for bit; "equivalent" is within the tolerances that the verdict names, or, where
a note says so, at most ten times as far apart as the run is from itself when its weights begin one
unit in the last place away.

{TARGET}
With no TARGET it verifies the embedded example.
"""
EPILOG = """\
exit status: 0 identical or equivalent; 1 different; 2 it could not be verified.

examples:
  migrate verify
  migrate verify --facade model.py:model_fn --input_fn=data.py:train --steps=20
  migrate verify targets.py:classifier --format=json --plot=losses.png

A loop of your own is compared with a few lines of Python: see help(migrate.verify).
"""
_TOLERANCES = ("losses", "gradients", "variables", "updates", "metrics", "predictions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    target_arguments.add(parser)
    parser.add_argument(
        "--steps", type=positive, default=100, metavar="N", help="to train (default: 100)"
    )
    parser.add_argument(
        "--eval_steps", type=positive, default=100, metavar="N", help="batches (default: 100)"
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"relative, of {', '.join(_TOLERANCES)}; may be repeated",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--plot", metavar="FILE.png", help="of both losses and their difference")


def run(options: argparse.Namespace) -> int:
    target_arguments.import_tensorflow(options)
    from migrate.commands.progress import Progress
    from migrate.hosting import eager_mode
    from migrate.reports import verdict_plot, verdict_text
    from migrate.verifying.verdict import Outcome, Tolerances
    from migrate.verifying.verify import verify

    if options.plot:
        verdict_plot.require(options.plot)
    eager_mode.keep_eager_execution()
    verdict = verify(
        target_arguments.target(options),
        steps=options.steps,
        eval_steps=options.eval_steps,
        tolerances=Tolerances(**dict(options.tolerance)),
        progress=Progress(),
    )
    if options.format == "json":
        print(json.dumps(verdict.to_json(), indent=2))
    else:
        print(verdict_text.render(verdict), end="")
    if options.plot:
        verdict_plot.save(verdict, options.plot)
    if verdict.passed:
        return 0
    return 1 if verdict.outcome is Outcome.DIFFERENT else 2


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
