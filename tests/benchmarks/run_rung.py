"""Measures the Run rung: its steps per second and those of its peers, and the cost of summaries.

    python -m tests.benchmarks.run_rung --tf215_python=PATH_OF_A_PYTHON_WITH_TENSORFLOW_2_15_1

There are two measurements, both with blocks of steps that alternate (see `interleaving`):

speed      compares estimator_compat.Estimator.train with the real Estimator on TensorFlow 2.15.1
           and with a bare Session.run([train_op, loss]) loop on the same session. If you have a
           module that makes the real Estimator's code importable on this TensorFlow (--original),
           it is compared with that, too. Every Estimator runs its default RunConfig. Targets: at
           least 1.0 times as fast as the real Estimator, at least 0.95 times as fast as the loop.
summaries  measures how much time both loss summaries add to a step at save_summary_steps=100. They
           are called in the model_fn, or wrapped around it. One run switches them on and off
           between blocks; nothing else differs between the blocks. Target: less than 3 %.

Models: small, whose step is nearly all overhead, and wide, whose step computes more (see `models`).

A median meets a target or misses it. If the target is inside the 95 % interval, the measurement
does not decide: end other programs, or take more rounds. The exit status is 0 in all cases.
"""

import argparse
import sys

from rich.table import Table

from tests.benchmarks import interleaving, reporting
from tests.benchmarks.interleaving import Blocks, Contestant, Runs
from tests.benchmarks.reporting import SUMMARY_STEPS

OURS = "estimator_compat"
REAL = "real Estimator, 2.15.1"
BARE = "bare Session.run"
ORIGINAL = "original's code"
TARGETS = {REAL: 1.0, BARE: 0.95}
# Name, and how it comes about: the worker's kind.
SUMMARIES = {"loss_summaries": "called", "with_loss_summaries": "wrapped"}
MOST_COST = 0.03
MODELS = ("small", "wide")


def _own(model: str, kind: str, estimator: str = OURS) -> Runs:
    return Runs(python=sys.executable, arguments=(model, estimator, kind))


def speed_contestants(
    model: str, tf215_python: str | None, original: str | None
) -> list[Contestant]:
    """Lists us, and the peers that can be run here."""
    ours = _own(model, "plain")
    found = [Contestant(name=OURS, runs=ours), Contestant(name=BARE, runs=ours, how="bare")]
    if tf215_python:
        arguments = (model, "tensorflow.compat.v1:estimator", "plain")
        runs = Runs(python=tf215_python, arguments=arguments, foreign=True)
        found.append(Contestant(name=REAL, runs=runs))
    if original:
        found.append(Contestant(name=ORIGINAL, runs=_own(model, "plain", original)))
    return found


def summary_contestants(model: str) -> list[Contestant]:
    found = []
    for name, kind in SUMMARIES.items():
        runs = _own(model, kind)
        found.append(Contestant(name=name, runs=runs, how="with"))
        found.append(Contestant(name=_without(name), runs=runs))
    return found


def _without(name: str) -> str:
    return f"{name} switched off"


def cost_table(blocks: Blocks) -> Table:
    """Returns the time that loss summaries add to a step, as a part of a step without them."""
    title = f"added to a step, save_summary_steps={SUMMARY_STEPS}"
    table = reporting.table(title, *reporting.COMPARISON)
    for name in SUMMARIES:
        for clock in ("wall", "cpu"):
            spread = interleaving.ratios(blocks[name], blocks[_without(name)], clock)
            verdict = f"< {MOST_COST:.0%} {reporting.verdict(spread, 1 + MOST_COST, below=True)}"
            table.add_row(name, clock, *reporting.numbers(spread, "{:+.2%}", minus=1), verdict)
    return table


def _options() -> argparse.Namespace:
    parser = reporting.parser_for("tests.benchmarks.run_rung", __doc__)
    parser.add_argument(
        "--original",
        metavar="MODULE[:ATTRIBUTE]",
        help="where this Python can import the original tf.estimator's code",
    )
    parser.add_argument("--only", choices=("speed", "summaries"), help="one question, not both")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    for question, default in (("speed", "0.5x8x20"), ("summaries", "0.1x40x20")):
        reporting.add_effort(parser, f"--{question}_effort", default)
    return parser.parse_args()


def main() -> None:
    options = _options()
    summaries_only = options.only == "summaries"
    console = reporting.console_for(summaries_only or bool(options.tf215_python))
    for model in options.models:
        title = f"{model} model"
        if not summaries_only:
            contestants = speed_contestants(model, options.tf215_python, options.original)
            blocks = reporting.measure(console, contestants, options.speed_effort)
            console.print(reporting.contestants_table(title, blocks))
            console.print(reporting.speed_table(blocks, OURS, TARGETS))
        if options.only != "speed":
            contestants = summary_contestants(model)
            blocks = reporting.measure(console, contestants, options.summaries_effort)
            console.print(reporting.contestants_table(title, blocks), cost_table(blocks))


if __name__ == "__main__":
    main()
