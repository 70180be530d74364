"""Measures the Host rung: compares the steps per second of a custom loop with its peers.

    python -m tests.benchmarks.run_host --tf215_python=PATH_OF_A_PYTHON_WITH_TENSORFLOW_2_15_1

The hosted loop, `migrate.host(...).train(...)`, is compared with three peers: the real Estimator on
TensorFlow 2.15.1, the Run rung, and a loop of the same model that was written by hand for
TensorFlow 2. All of them train in blocks of steps that alternate (see `interleaving`), and
summarize the loss every 100 steps. Both loops make 100 steps in one graph call, and write a
checkpoint at the end of a block.

Targets: at least 2.0 times as fast as the real Estimator on the small model, whose step is nearly
all overhead, and at least 1.0 times as fast on the other models; at least 0.95 times as fast as the
loop written by hand; at most 1.1 times the peak memory of each peer. (TensorFlow 2.21 alone,
imported and idle, takes 1.24 times as much memory as 2.15.1.)

With --jit_compile both loops take part once more, compiled by XLA.

A median meets a target or misses it. If the target is inside the 95 % interval, the measurement
does not decide: end other programs, or take more rounds. The exit status is 0 in all cases.
"""

import argparse
import sys

from rich.table import Table

from tests.benchmarks import interleaving, reporting
from tests.benchmarks.interleaving import Blocks, Contestant, Runs

HOSTED = "hosted loop"
BY_HAND = "loop by hand"
RUN = "Run rung"
REAL = "real Estimator, 2.15.1"
JIT = ", jit_compile"
MODELS = ("small", "cnn", "bert")
MOST_MEMORY = 1.1


def contestants(model: str, tf215_python: str | None, *, jit_compile: bool) -> list[Contestant]:
    """Lists the hosted loop, and the peers that can be run here."""
    kinds = {HOSTED: "hosted", BY_HAND: "by_hand"}
    if jit_compile:
        kinds |= {f"{name}{JIT}": f"{kind}-jit" for name, kind in kinds.items()}
    module = "tests.benchmarks.loop_worker"
    runs = {
        name: Runs(python=sys.executable, module=module, arguments=(model, kind))
        for name, kind in kinds.items()
    }
    runs[RUN] = Runs(python=sys.executable, arguments=(model, "estimator_compat", "plain"))
    if tf215_python:
        arguments = (model, "tensorflow.compat.v1:estimator", "plain")
        runs[REAL] = Runs(python=tf215_python, arguments=arguments, foreign=True)
    return [Contestant(name=name, runs=each) for name, each in runs.items()]


def targets(model: str) -> dict[str, float]:
    return {REAL: 2.0 if model == "small" else 1.0, BY_HAND: 0.95}


def memory_table(blocks: Blocks) -> Table:
    made = reporting.table(f"{HOSTED}, peak memory times that of", "", "ratio", "target")
    ours = interleaving.memory(blocks[HOSTED])
    for peer in (BY_HAND, RUN, REAL):
        if peer in blocks:
            ratio = ours / interleaving.memory(blocks[peer])
            said = "met" if ratio <= MOST_MEMORY else "missed"
            made.add_row(peer, f"{ratio:.3f}", f"<= {MOST_MEMORY} {said}")
    return made


def _options() -> argparse.Namespace:
    parser = reporting.parser_for("tests.benchmarks.run_host", __doc__)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--jit_compile", action="store_true", help="add the loops under XLA")
    reporting.add_effort(parser, "--effort", "1x8x20")
    return parser.parse_args()


def main() -> None:
    options = _options()
    console = reporting.console_for(bool(options.tf215_python))
    for model in options.models:
        found = contestants(model, options.tf215_python, jit_compile=options.jit_compile)
        blocks = reporting.measure(console, found, options.effort)
        console.print(reporting.contestants_table(f"{model} model", blocks))
        console.print(reporting.speed_table(blocks, HOSTED, targets(model)), memory_table(blocks))
        if options.jit_compile:
            console.print(reporting.speed_table(_compiled(blocks), f"{HOSTED}{JIT}", {}))


def _compiled(blocks: Blocks) -> Blocks:
    names = (f"{HOSTED}{JIT}", HOSTED, f"{BY_HAND}{JIT}")
    return {name: blocks[name] for name in names}


if __name__ == "__main__":
    main()
