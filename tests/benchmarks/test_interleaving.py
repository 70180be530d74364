"""The arithmetic of the benchmarks; the commands run. No test here depends on a clock."""

import subprocess
import sys

import pytest

from tests.benchmarks import interleaving
from tests.benchmarks.interleaving import Block, Contestant, Effort, Runs, Spread


# The sign test rejects a median at 5 % (two-sided) where at most c of n signs are of one kind; its
# tables have c = 0 for n = 6, 1 for 10, 5 for 20, and none for n < 6. The limits are rank c + 1.
@pytest.mark.parametrize(("rounds", "rank"), [(6, 1), (10, 2), (20, 6)])
def test_the_interval_is_that_of_the_sign_test(rounds: int, rank: int) -> None:
    spread = Spread.of([[float(value)] for value in range(1, rounds + 1)])
    assert spread.interval == (rank, rounds + 1 - rank)


def test_fewer_than_six_rounds_have_no_interval() -> None:
    assert Spread.of([[1.0], [2.0], [3.0], [4.0], [5.0]]).interval is None


def test_a_round_counts_once_by_its_median() -> None:
    spread = Spread.of([[1.0, 2.0, 90.0], [4.0], [6.0]])
    assert (spread.median, spread.least, spread.most) == (4.0, 2.0, 6.0)


def test_ratios_pair_the_blocks_of_a_turn() -> None:
    # The machine is ten times slower in the second turn; the first contestant is twice as slow.
    slow = [[Block(wall=2.0, cpu=3.0), Block(wall=20.0, cpu=30.0)]]
    fast = [[Block(wall=1.0, cpu=1.0), Block(wall=10.0, cpu=10.0)]]
    assert interleaving.ratios(slow, fast, "wall").median == 2.0
    assert interleaving.ratios(slow, fast, "cpu").median == 3.0
    assert interleaving.speeds(fast).median == 0.55  # of 1 and 0.1 steps a second


def test_memory_is_that_of_the_first_run() -> None:
    # A process that has made another run holds on to more.
    first, second = ([Block(wall=1.0, cpu=1.0, memory=m) for m in run] for run in ((1, 2), (2, 5)))
    assert interleaving.memory([first, second]) == 2


@pytest.mark.subprocess
def test_a_worker_that_fails_is_quoted() -> None:
    runs = Runs(python=sys.executable, arguments=("small", "no_such_module", "plain"))
    contestant = Contestant(name="missing", runs=runs)
    effort = Effort(seconds=0.01, turns=1, rounds=1)
    with pytest.raises(RuntimeError, match=r"(?s)exited with 1; expected a line.*no_such_module"):
        interleaving.interleave([contestant], effort, period=10, progress=print)


@pytest.mark.subprocess
@pytest.mark.slow
def test_both_questions_are_answered() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.run_rung", "--models", "small"]
    efforts = ["--speed_effort=0.01x1x2", "--summaries_effort=0.01x1x2"]
    result = subprocess.run(
        [*command, *efforts], cwd=interleaving.ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    for label in ("bare Session.run", "with_loss_summaries", "times as fast as", "added to a step"):
        assert label in result.stdout
