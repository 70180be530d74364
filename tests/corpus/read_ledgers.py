"""Measures the ledgers of a package's targets, and prints them as JSON.

`python -m tests.corpus.target_outcomes` runs it in a process with the package on Python's path, as
`build_targets`.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable

from estimator_compat import facade
from estimator_compat.ledger import reader
from estimator_compat.mode_keys import ModeKeys
from migrate import Target, targets


def outcome(make: Callable[[], Target]) -> dict[str, object]:
    """The ledger of each mode, or the error that says why there is none."""
    found: dict[str, object] = {}
    for mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
        try:
            built = targets.build(make(), mode)
            with built.graph.as_default():
                ledger = reader.ledger(
                    built.spec.loss, built.batch.features, built.batch.labels, mode=mode
                )
        except Exception:
            found[mode] = traceback.format_exc(limit=-2)
        else:
            found[mode] = ledger.to_json()
    return found


def main(package: str) -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    facade.install(module.LEGACY)
    print(json.dumps({name: outcome(make) for name, make in module.TARGETS.items()}))


if __name__ == "__main__":
    main(sys.argv[1])
