"""`migrate verify`: compares a hosted model_fn with an Estimator."""

import argparse
import json
import sys

from migrate.commands import target_arguments
from migrate.commands.argument_types import positive
from migrate.commands.target_arguments import TARGET

HELP = "proves that a training loop computes the same as a model_fn under an Estimator"
DESCRIPTION = f"""\
Proves that a model_fn computes the same inside a TF2 custom loop (migrate.host) as under an
Estimator. The loop is called the subject, and the Estimator the reference. Both start from the same
weights, see the same batches and draw the same random numbers. They are compared in stages: the
variables, the forward pass, the gradients, one step, many steps, evaluation, predictions. For each
stage the command prints the largest difference of two numbers, and where it is. The difference is
printed as a number, relative to the largest number of the array, and in units in the last place (1
is the distance to the next float).

"identical" means that all bits are the same. "equivalent" means that the differences are within the
tolerances that the verdict names. A larger difference is also equivalent if rounding can explain
it; a note then says so. To measure the effect of rounding, the command trains the reference again,
from weights that differ by one unit in the last place. A difference of at most ten times this
effect is attributed to rounding.

"not verified" means that the numbers of training could not be compared, for example because random
numbers differ. "not repeatable" means that the reference differs from itself as much: operations of
the model_fn run in any order. The verdict names them.

{TARGET}
Without TARGET, the command verifies the embedded example.

--subject names a loop that you wrote yourself, as `module:name` or `path/file.py:name`: a class, or
a function, without arguments, which returns an object with `variables` and `train_step`: see
help(migrate.Subject). It runs in a Python process of its own, in which `tf.keras` is what it is in
your own program. It may import the same modules as TARGET, and define flags of the same names; of
the flags after `--`, it gets those that it defines.
"""
EPILOG = """\
exit status:
  0  identical or equivalent
  1  different
  2  not verified, not repeatable, or an error
  130  interrupted; the stages that were compared are on stderr

examples:
  migrate verify
  migrate verify --facade model.py:model_fn --input_fn=data.py:train --steps=20
  migrate verify targets.py:classifier --format=json --plot=losses.png
  migrate verify --facade model.py:model_fn --input_fn=data.py:train --subject=tf2_loop.py:Loop

What the command does, migrate.verify does in Python: see help(migrate.verify).
"""
_TOLERANCES = ("losses", "gradients", "variables", "updates", "metrics", "predictions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    target_arguments.add(parser)
    parser.add_argument(
        "--subject", metavar="NAME", help="a loop of your own: see above (default: migrate.host)"
    )
    parser.add_argument(
        "--subject_timeout",
        type=positive,
        default=600,
        metavar="SECONDS",
        help="the most seconds that one call of a method of --subject may take (default: 600)",
    )
    parser.add_argument(
        "--steps", type=positive, default=100, metavar="N", help="steps to train (default: 100)"
    )
    parser.add_argument(
        "--eval_steps",
        type=positive,
        default=100,
        metavar="N",
        help="batches to evaluate (default: 100)",
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the largest relative difference that is equivalent; NAME is one of "
        f"{', '.join(_TOLERANCES)}; may be repeated",
    )
    parser.add_argument(
        "--format",
        choices=["text", "json"],
        default="text",
        help="how to print the result (default: text)",
    )
    parser.add_argument(
        "--plot", metavar="FILE.png", help="write a plot of both losses and their difference"
    )


def run(options: argparse.Namespace) -> int:
    """Verifies the target, prints the verdict, and returns the exit status."""
    target_arguments.import_tensorflow(options)
    from migrate.canned_verification import verify
    from migrate.commands.progress import Progress
    from migrate.hosting import eager_mode
    from migrate.reports import verdict_plot, verdict_text
    from migrate.verifying.subject import SubjectReference
    from migrate.verifying.verdict import Outcome, Stage, Tolerances

    if options.plot:
        verdict_plot.require(options.plot)
    subject = None
    if options.subject is not None:
        flags, seconds = tuple(options.flags), options.subject_timeout
        subject = SubjectReference(options.subject, flags=flags, time_limit=seconds)
    eager_mode.keep_eager_execution()
    compared: list[Stage] = []
    try:
        verdict = verify(
            target_arguments.target(options),
            subject,
            steps=options.steps,
            eval_steps=options.eval_steps,
            tolerances=Tolerances(**dict(options.tolerance)),
            progress=Progress(),
            on_stages=compared.extend,
        )
    except KeyboardInterrupt:
        print(verdict_text.render_interrupted(compared), end="", file=sys.stderr)
        return 130
    if options.format == "json":
        print(json.dumps(verdict.to_json(), indent=2))
    else:
        print(verdict)
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
            f"({text}) must be one of {', '.join(_TOLERANCES)}, with a number from 0 to 1, such as "
            "losses=1e-5"
        )
    return name, number
