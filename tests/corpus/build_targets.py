"""Builds the TRAIN graph of every target of a package, and prints what came of each as JSON.

`python -m tests.corpus.build_targets PACKAGE`, with the package's requirements on Python's path. A
process of its own: the facade, a package's name and its flags are global.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable

from estimator_compat import facade
from migrate import Target, targets


def outcome(make: Callable[[], Target]) -> dict[str, object]:
    """`loss`: the shape of a target's loss; or `error`: the trace of what went wrong."""
    try:
        built = targets.build(make(), "train")
    except Exception:
        return {"error": traceback.format_exc(limit=-4)}
    assert built.spec.train_op is not None
    return {"loss": built.spec.loss.shape.as_list()}


def main(package: str) -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    facade.install(module.LEGACY)
    print(json.dumps({name: outcome(make) for name, make in module.TARGETS.items()}))


if __name__ == "__main__":
    main(sys.argv[1])
