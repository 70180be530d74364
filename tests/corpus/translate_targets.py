"""Translates every target of a package and proves it; prints the outcome of each as JSON.

`python -m tests.corpus.translate_targets PACKAGE [PART OF A NAME]`, with the package's requirements
on Python's path. A separate process: the facade, a package's name and its flags are global.
"""

import importlib
import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from estimator_compat import facade
from migrate import Target, translation
from migrate.hosting import eager_mode
from migrate.translating.refusal import Refusal

STEPS = 3


def outcome(make: Callable[[], Target], folder: Path) -> dict[str, object]:
    """The outcome of a target: "whole", "kept forward" or "refused", and the verdict.

    `error` is the traceback of an error that is not a refusal.
    """
    try:
        with tf.Graph().as_default():  # as at the top level of a legacy program
            target = make()
        try:
            translated = translation.translate(target)
            source = translated.source()
        except Refusal as refusal:
            return {"outcome": "refused", "reason": str(refusal), "second": str(refusal.__cause__)}
        found: dict[str, object] = {
            "outcome": translated.outcome,
            "kept": [one.name for one in translated.kept],
            "because": translated.because,
        }
        path = folder / "loop.py"
        path.write_text(source)
        try:
            verdict = translation.prove(target, str(path), inputs=translated.inputs, steps=STEPS)
        except Exception:
            return {**found, "verdict": None, "error": traceback.format_exc(limit=-3)}
        left = {one.name: list(one.notes) for one in verdict.stages if one not in verdict.compared}
        return {
            **found,
            "verdict": verdict.outcome.value,
            "not_compared": left,
            "first": verdict.to_json()["first"],
        }
    except Exception:
        return {"outcome": "refused", "error": traceback.format_exc(limit=-4)}


def main(package: str, part: str = "") -> None:
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    eager_mode.keep_eager_execution()
    facade.install(module.LEGACY)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in module.TARGETS.items():
            if part in name:
                found[name] = outcome(make, Path(folder))
                print(name, {**found[name]}, file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
