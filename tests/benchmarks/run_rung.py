"""Measures the Run rung: its steps a second against its peers', and what its summaries cost.

    python -m tests.benchmarks.run_rung --tf215_python=PATH_OF_A_PYTHON_WITH_TENSORFLOW_2_15_1

Two questions, each answered by paired blocks of steps that alternate (`interleaving` says how):

speed      estimator_compat.Estimator.train against the real Estimator on TensorFlow 2.15.1, against
           a bare Session.run([train_op, loss]) loop on the same session, and against the original's
           own code on this TensorFlow where you have a module that makes it importable
           (--original). Every Estimator runs its default RunConfig. Targets: at least 1.0 times as
           fast as the real one, at least 0.95 times as fast as the bare loop.
summaries  what both loss summaries, called in the model_fn or wrapped around it, add to a step at
           save_summary_steps=100. One run switches them on and off between blocks: its other
           summaries are saved in both, and nothing else differs. Target: less than 3 %.

Models: small, where a step is nearly all overhead; wide, where it computes (`models` has both).

A median meets a target or misses it; where the 95 % interval has the target inside, the measurement
cannot tell: end other programs, or take more rounds. The exit status is 0 either way.
"""

import argparse
import os
import shutil
import sys

from rich.console import Console
from rich.table import Table

from tests.benchmarks import interleaving
from tests.benchmarks.interleaving import Blocks, Contestant, Effort, Runs, Spread

OURS = "estimator_compat"
REAL = "real Estimator, 2.15.1"
BARE = "bare Session.run"
ORIGINAL = "original's code"
TARGETS = {REAL: 1.0, BARE: 0.95}
# Name, and how it comes about: the worker's kind.
SUMMARIES = {"loss_summaries": "called", "with_loss_summaries": "wrapped"}
SUMMARY_STEPS = 100
MOST_COST = 0.03
VARIABLE = "ESTIMATOR_COMPAT_TF215_PYTHON"
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


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, no_wrap=True, justify="right" if column else "left")
    return table


def contestants_table(title: str, blocks: Blocks) -> Table:
    table = _table(title, "", "steps/s", "least", "most", "CPU us/step")
    for name, rounds in blocks.items():
        speed, cpu = interleaving.speeds(rounds), interleaving.cpu_seconds(rounds)
        numbers = (speed.median, speed.least, speed.most, 1e6 * cpu.median)
        table.add_row(name, *(f"{number:,.0f}" for number in numbers))
    return table


COMPARISON = ("", "clock", "median", "95 %", "least", "most", "target")


def speed_table(blocks: Blocks) -> Table:
    """Compares us with every peer; above 1 we are the faster."""
    table = _table(f"{OURS}, times as fast as", *COMPARISON)
    for peer in list(blocks)[1:]:
        for clock in ("wall", "cpu"):
            spread = interleaving.ratios(blocks[peer], blocks[OURS], clock)
            target = TARGETS.get(peer)
            verdict = f">= {target:.2f} {_verdict(spread, target)}" if target else ""
            table.add_row(peer, clock, *_numbers(spread, "{:.3f}"), verdict)
    return table


def cost_table(blocks: Blocks) -> Table:
    """Compares steps with loss summaries with those without: what is added, as a part of a step."""
    table = _table(f"added to a step, save_summary_steps={SUMMARY_STEPS}", *COMPARISON)
    for name in SUMMARIES:
        for clock in ("wall", "cpu"):
            spread = interleaving.ratios(blocks[name], blocks[_without(name)], clock)
            verdict = f"< {MOST_COST:.0%} {_verdict(spread, 1 + MOST_COST, below=True)}"
            table.add_row(name, clock, *_numbers(spread, "{:+.2%}", minus=1), verdict)
    return table


def _numbers(spread: Spread, form: str, minus: float = 0) -> list[str]:
    def text(value: float) -> str:
        return form.format(value - minus)

    interval = " to ".join(map(text, spread.interval)) if spread.interval else "needs 6 rounds"
    return [text(spread.median), interval, text(spread.least), text(spread.most)]


def _verdict(spread: Spread, target: float, *, below: bool = False) -> str:
    met = spread.median < target if below else spread.median >= target
    unsure = not spread.interval or spread.interval[0] < target < spread.interval[1]
    return ("met" if met else "missed") + (" (unsure)" if unsure else "")


def _effort(text: str) -> Effort:
    try:
        seconds, turns, rounds = text.split("x")
        return Effort(seconds=float(seconds), turns=int(turns), rounds=int(rounds))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} must be the seconds of a block, the turns of a round and the rounds, such "
            "as 0.5x5x20"
        ) from None


def _python(text: str) -> str:
    if not shutil.which(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot be executed; it must be the path of a Python with tensorflow 2.15.1, "
            "such as venv/bin/python"
        )
    return text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.run_rung",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tf215_python",
        metavar="PATH",
        type=_python,
        default=os.environ.get(VARIABLE),
        help=f"a Python that has tensorflow 2.15.1 (default: ${VARIABLE})",
    )
    parser.add_argument(
        "--original",
        metavar="MODULE[:ATTRIBUTE]",
        help="where this Python can import the original tf.estimator's code",
    )
    parser.add_argument("--only", choices=("speed", "summaries"), help="one question, not both")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    for question, default in (("speed", "0.5x8x20"), ("summaries", "0.1x40x20")):
        parser.add_argument(
            f"--{question}_effort",
            type=_effort,
            default=default,
            metavar="SECONDSxTURNSxROUNDS",
            help="seconds of a block, turns of a round, rounds (default: %(default)s)",
        )
    return parser.parse_args()


def measure(console: Console, contestants: list[Contestant], effort: Effort) -> Blocks:
    with console.status("starting") as status:
        return interleaving.interleave(
            contestants, effort, period=SUMMARY_STEPS, progress=status.update
        )


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if not options.tf215_python and options.only != "summaries":
        console.print(
            f"The real Estimator is left out: pass --tf215_python=PATH or set {VARIABLE} to a "
            "Python that has tensorflow 2.15.1.",
            style="yellow",
        )
    for model in options.models:
        if options.only != "summaries":
            contestants = speed_contestants(model, options.tf215_python, options.original)
            blocks = measure(console, contestants, options.speed_effort)
            console.print(contestants_table(f"{model} model", blocks), speed_table(blocks))
        if options.only != "speed":
            blocks = measure(console, summary_contestants(model), options.summaries_effort)
            console.print(contestants_table(f"{model} model", blocks), cost_table(blocks))


if __name__ == "__main__":
    main()
