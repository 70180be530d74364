"""The options, measurements and tables that the commands of the benchmarks share."""

import argparse
import os
import shutil
import sys

from rich.console import Console
from rich.table import Table

from tests.benchmarks import interleaving
from tests.benchmarks.interleaving import Blocks, Contestant, Effort, Spread

SUMMARY_STEPS = 100
VARIABLE = "ESTIMATOR_COMPAT_TF215_PYTHON"
COMPARISON = ("", "clock", "median", "95 %", "least", "most", "target")


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, no_wrap=True, justify="right" if column else "left")
    return made


def contestants_table(title: str, blocks: Blocks) -> Table:
    made = table(title, "", "steps/s", "least", "most", "CPU us/step", "peak MiB")
    for name, rounds in blocks.items():
        speed, cpu = interleaving.speeds(rounds), interleaving.cpu_seconds(rounds)
        numbers = (speed.median, speed.least, speed.most, 1e6 * cpu.median)
        made.add_row(name, *(f"{n:,.0f}" for n in (*numbers, interleaving.memory(rounds))))
    return made


def speed_table(blocks: Blocks, ours: str, targets: dict[str, float]) -> Table:
    """Compares one contestant with every other one; a number above 1 means that it is faster."""
    made = table(f"{ours}, times as fast as", *COMPARISON)
    for peer in blocks:
        if peer == ours:
            continue
        for clock in ("wall", "cpu"):
            spread = interleaving.ratios(blocks[peer], blocks[ours], clock)
            target = targets.get(peer)
            said = f">= {target:.2f} {verdict(spread, target)}" if target else ""
            made.add_row(peer, clock, *numbers(spread, "{:.3f}"), said)
    return made


def numbers(spread: Spread, form: str, minus: float = 0) -> list[str]:
    """The columns of a comparison from the median on."""

    def text(value: float) -> str:
        return form.format(value - minus)

    interval = " to ".join(map(text, spread.interval)) if spread.interval else "needs 6 rounds"
    return [text(spread.median), interval, text(spread.least), text(spread.most)]


def verdict(spread: Spread, target: float, *, below: bool = False) -> str:
    met = spread.median < target if below else spread.median >= target
    unsure = not spread.interval or spread.interval[0] < target < spread.interval[1]
    return ("met" if met else "missed") + (" (unsure)" if unsure else "")


def measure(console: Console, contestants: list[Contestant], effort: Effort) -> Blocks:
    with console.status("starting") as status:
        return interleaving.interleave(
            contestants, effort, period=SUMMARY_STEPS, progress=status.update
        )


def console_for(complete: bool) -> Console:
    """Returns the console, on which it says so if the measurement is to lack the real Estimator."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    if not complete:
        console.print(
            f"The real Estimator is left out: pass --tf215_python=PATH or set {VARIABLE} to a "
            "Python that has tensorflow 2.15.1.",
            style="yellow",
        )
    return console


def effort(text: str) -> Effort:
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


def parser_for(module: str, description: str | None) -> argparse.ArgumentParser:
    """Returns a command's parser, which knows where the real Estimator is."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tf215_python",
        metavar="PATH",
        type=_python,
        default=os.environ.get(VARIABLE),
        help=f"a Python that has tensorflow 2.15.1 (default: ${VARIABLE})",
    )
    return parser


def add_effort(parser: argparse.ArgumentParser, flag: str, default: str) -> None:
    parser.add_argument(
        flag,
        type=effort,
        default=default,
        metavar="SECONDSxTURNSxROUNDS",
        help="seconds of a block, turns of a round, rounds (default: %(default)s)",
    )
