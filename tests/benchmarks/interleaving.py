"""Lets several training runs make blocks of steps in turn, and compares the blocks of a turn.

Other programs on the machine disturb a measurement by more than the difference to be measured. The
blocks of the contestants therefore alternate (A B C A B C ...), and only blocks of the same turn
are compared: other programs slow both of them nearly equally. But a whole run can also be faster or
slower, depending on where its threads and memory are: two equal runs differed by up to 15 %. After
some turns (a round), all runs therefore start anew. The median of a round's ratios is one
observation. The report has the median of the observations and its 95 % interval, as in the sign
test. The interval assumes that rounds are independent, and assumes no distribution of their noise.

Contestants that differ only in how a block is made share one run, with its graph and session. The
differences between runs then do not disturb the comparison, and fewer rounds are enough.

CPU seconds of all threads of the process are compared, too, besides wall-clock seconds. They do not
include the time in which a process waits for a busy core.
"""

import contextlib
import dataclasses
import json
import math
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LEGACY_KERAS = "TF_USE_LEGACY_KERAS"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The process that makes the runs: its interpreter, and its module with its arguments.

    Attributes:
        foreign: whether the interpreter belongs to another environment, with other packages.
    """

    python: str
    arguments: tuple[str, ...]
    foreign: bool = False
    module: str = "tests.benchmarks.worker"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A contestant of a measurement: its runs, and how their blocks are made (see `worker`)."""

    name: str
    runs: Runs
    how: str = "without"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure: `rounds` of `turns` of one block of `seconds` for each contestant."""

    seconds: float
    turns: int
    rounds: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The mean seconds of a step in one block.

    Attributes:
        memory: the peak resident memory of the process until the block's end, in MiB.
    """

    wall: float
    cpu: float
    memory: float = 0


# The blocks of each contestant: a list a round.
Blocks = dict[str, list[list[Block]]]


class Worker:
    """A started process, which makes a block of steps for each request."""

    def __init__(self, runs: Runs, errors: Any) -> None:
        self._runs, self._errors = runs, errors
        self._process = subprocess.Popen(
            [runs.python, "-m", runs.module, *runs.arguments],
            cwd=ROOT,
            env=_environment(runs),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def new_run(self) -> None:
        self._write("new")

    def block(self, steps: int, how: str) -> Block:
        self._write(f"{steps} {how}")
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._why_it_ended())
        made = json.loads(line)
        steps, memory = made["steps"], made["memory"] / 1024
        return Block(wall=made["wall"] / steps, cpu=made["cpu"] / steps, memory=memory)

    def close(self) -> None:
        self._process.communicate()

    def _write(self, line: str) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _why_it_ended(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        return (
            f"the worker {' '.join(self._runs.arguments)!r} exited with {code}; expected a line "
            f"for each block of steps; its stderr ends:\n{self._errors.read()[-3000:]}"
        )


def _environment(runs: Runs) -> dict[str, str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if not runs.foreign:
        return {**environment, LEGACY_KERAS: "1"}
    # TensorFlow 2.15 breaks with the first; the second leads to another Python's packages.
    return {k: v for k, v in environment.items() if k not in (LEGACY_KERAS, "PYTHONPATH")}


@contextlib.contextmanager
def _workers(contestants: Sequence[Contestant]) -> Iterator[dict[Runs, Worker]]:
    with contextlib.ExitStack() as stack:
        workers: dict[Runs, Worker] = {}
        for runs in dict.fromkeys(contestant.runs for contestant in contestants):
            errors = stack.enter_context(tempfile.TemporaryFile("w+"))
            workers[runs] = Worker(runs, errors)
            stack.callback(workers[runs].close)
        yield workers


def interleave(
    contestants: list[Contestant],
    effort: Effort,
    *,
    period: int,
    progress: Callable[[str], Any],
) -> Blocks:
    """Lets every contestant make its blocks, in turn.

    Args:
      contestants: The contestants.
      effort: How many rounds, blocks and steps they make.
      period: The number of steps between two periodic actions, such as summaries. Each block has
        equally many of them, in its middle: work that they leave to other threads then belongs to
        the same block.
      progress: Is called with a text about the progress.
    """
    blocks: Blocks = {contestant.name: [] for contestant in contestants}
    with _workers(contestants) as workers:
        for number in range(effort.rounds):
            progress(f"round {number + 1} of {effort.rounds}")
            if number:
                for worker in workers.values():
                    worker.new_run()
            # Two blocks of each to warm up, and half a period to place what happens in periods.
            for contestant in 2 * contestants:
                warm = workers[contestant.runs].block(2 * period, contestant.how)
            for worker in workers.values():
                worker.block(period // 2, "without")
            steps = period * max(1, round(effort.seconds / warm.wall / period))
            for contestant in contestants:
                blocks[contestant.name].append([])
            for _ in range(effort.turns):
                for contestant in contestants:
                    worker = workers[contestant.runs]
                    # Left out: the steps that bring the contestant back into the CPU's caches.
                    worker.block(period, contestant.how)
                    blocks[contestant.name][-1].append(worker.block(steps, contestant.how))
    return blocks


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of the rounds' medians, its 95 % interval, and the extremes of the rounds.

    Attributes:
        interval: None where there are fewer than the 6 rounds that it needs.
    """

    median: float
    interval: tuple[float, float] | None
    least: float
    most: float

    @classmethod
    def of(cls, rounds: Sequence[Sequence[float]]) -> "Spread":
        medians = sorted(statistics.median(one) for one in rounds)
        left_out = _left_out(len(medians))
        return cls(
            median=statistics.median(medians),
            interval=(medians[left_out - 1], medians[-left_out]) if left_out else None,
            least=medians[0],
            most=medians[-1],
        )


def _left_out(count: int) -> int:
    """The rank, from either end, of the limits of a median's 95 % interval; 0 if there is none.

    The limits are the values of rank k from both ends. The median lies outside them where fewer
    than k of `count` values fall on one of its sides: twice the binomial tail up to k - 1.
    """
    tail, rank = 0.0, 0
    while (tail := tail + math.comb(count, rank) / 2**count) <= 0.025:
        rank += 1
    return rank


def speeds(rounds: Sequence[Sequence[Block]]) -> Spread:
    """Steps a wall-clock second."""
    return Spread.of([[1 / block.wall for block in one] for one in rounds])


def cpu_seconds(rounds: Sequence[Sequence[Block]]) -> Spread:
    """CPU seconds a step."""
    return Spread.of([[block.cpu for block in one] for one in rounds])


def memory(rounds: Sequence[Sequence[Block]]) -> float:
    """The peak memory in MiB of a process that has made one run: the first round's."""
    return rounds[0][-1].memory


def ratios(
    numerators: Sequence[Sequence[Block]], denominators: Sequence[Sequence[Block]], clock: str
) -> Spread:
    """Seconds a step over seconds a step, turn by turn.

    Args:
      numerators: The blocks of each round of one contestant.
      denominators: Those of another one, made in the same turns.
      clock: `wall` or `cpu`.
    """
    return Spread.of(
        [
            [getattr(a, clock) / getattr(b, clock) for a, b in zip(*both, strict=True)]
            for both in zip(numerators, denominators, strict=True)
        ]
    )
