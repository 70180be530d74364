"""Builds every target of a package, reads its ledger, and prints the outcome of each as JSON.

`python -m tests.corpus.build_targets PACKAGE`, with the package's requirements on Python's path. A
separate process: the facade, a package's name and its flags are global.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable

from estimator_compat import facade
from migrate import Target, measured_ledger, targets

BATCHES = 2


def graph(target: Target) -> dict[str, object]:
    """Builds the TRAIN graph of a target."""
    built = targets.build(target, "train")
    assert built.spec.train_op is not None
    return {"built": built.spec.loss.shape.as_list()}


def ledger(target: Target) -> dict[str, object]:
    """The formula of a target's loss in TRAIN, what stopped the walk, the check and the claims."""
    read = measured_ledger.examine(target, "train", batches=BATCHES)
    assert read.check is not None
    return {
        "formula": read.formula,
        "stopped_by": list(read.stopped_by),
        "passed": read.check.passed,
        "exact": read.check.exact,
        "ulps": read.check.worst,
        "notes": list(read.check.notes),
        "reductions": [str(term.reduction or "") for term in read.data_terms],
        "claims": [
            [term.formula, claim.probe, claim.status.value, claim.reason]
            for term in read.data_terms
            for claim in term.claims
        ],
    }


def outcome(make: Callable[[], Target]) -> dict[str, object]:
    """The outcome of a target; `error` is the traceback of an error."""
    found: dict[str, object] = {}
    try:
        for ask in (graph, ledger):
            found |= ask(make())
    except Exception:
        found["error"] = traceback.format_exc(limit=-4)
    return found


def main(package: str) -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    facade.install(module.LEGACY)
    print(json.dumps({name: outcome(make) for name, make in module.TARGETS.items()}))


if __name__ == "__main__":
    main(sys.argv[1])
