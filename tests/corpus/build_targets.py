"""Builds the TRAIN graph of every target of a package, and prints what came of each as JSON.

`python -m tests.corpus.build_targets PACKAGE [--ledgers]`, with the package's requirements on
Python's path. A process of its own: the facade, a package's name and its flags are global. With
`--ledgers`, the ledger of the TRAIN loss is read, and checked on two batches.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable

from estimator_compat import facade
from migrate import Target, ledgers, targets


def graph(target: Target) -> dict[str, object]:
    """`loss`: the shape of a target's loss."""
    built = targets.build(target, "train")
    assert built.spec.train_op is not None
    return {"loss": built.spec.loss.shape.as_list()}


def ledger(target: Target) -> dict[str, object]:
    """The formula of a target's loss, what stopped the walk, and what came of the check."""
    read = ledgers.examine(target, "train", batches=2)
    assert read.check is not None
    return {
        "formula": read.formula,
        "stopped_by": list(read.stopped_by),
        "passed": read.check.passed,
        "exact": read.check.exact,
        "worst": read.check.worst,
    }


def outcome(
    make: Callable[[], Target], ask: Callable[[Target], dict[str, object]]
) -> dict[str, object]:
    """What a question about a target gave; or `error`: the trace of what went wrong."""
    try:
        return ask(make())
    except Exception:
        return {"error": traceback.format_exc(limit=-4)}


def main(package: str, *flags: str) -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    facade.install(module.LEGACY)
    ask = ledger if "--ledgers" in flags else graph
    print(json.dumps({name: outcome(make, ask) for name, make in module.TARGETS.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
