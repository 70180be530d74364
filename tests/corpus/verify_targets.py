"""Hosts and verifies every target of a package, and prints the outcome of each as JSON.

`python -m tests.corpus.verify_targets PACKAGE`, with the package's requirements on Python's path. A
separate process: the facade, a package's name and its flags are global.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable

import tensorflow as tf

from estimator_compat import facade
from migrate import Target
from migrate.hosting import eager_mode
from migrate.verifying.verify import verify

STEPS = 3


def verdict(make: Callable[[], Target]) -> dict[str, object]:
    """The result of `migrate.verify` for a target; or `error`: the traceback of an error."""
    try:
        with tf.Graph().as_default():  # as at the top level of a legacy program
            target = make()
        found = verify(target, steps=STEPS, eval_steps=2, predict_steps=1)
    except Exception:
        return {"error": traceback.format_exc(limit=-4)}
    left_out = {one.name: list(one.notes) for one in found.stages if one not in found.compared}
    return {
        "outcome": found.outcome.value,
        "not_compared": left_out,
        "unaligned": list(found.unaligned),
        "first": found.to_json()["first"],
    }


def main(package: str) -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    eager_mode.keep_eager_execution()
    facade.install(module.LEGACY)
    print(json.dumps({name: verdict(make) for name, make in module.TARGETS.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
