"""Translates programs of the folder `programs`, and prints their sources or a verdict as JSON.

    python -m tests.migrate.translating.programs_runner NAME...           # {name: source or reason}
    python -m tests.migrate.translating.programs_runner --prove=STEPS NAME

The programs are TensorFlow 1 code in the styles of public tutorials. Each has a process of its own
when it is proved, because legacy programs change how tensors compare.
"""

import dataclasses
import json
import os
import sys
import tempfile
from pathlib import Path

import migrate
from migrate import translation
from migrate.hosting import eager_mode
from migrate.translating.refusal import Refusal

FOLDER = Path(__file__).parent / "programs"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.py")))


def target_of(name: str) -> migrate.Target:
    """Returns a program as a target."""
    path = FOLDER / f"{name}.py"
    functions = {
        mode: f"{path}:{function}_input_fn"
        for mode, function in (("train", "train"), ("eval", "eval"), ("infer", "predict"))
    }
    target = migrate.load(f"{path}:model_fn", input_fn=functions, facade=True)
    params = target.model_fn.__globals__["PARAMS"]
    return dataclasses.replace(target, params=params)


def main(*arguments: str) -> None:
    """Prints a JSON object."""
    eager_mode.keep_eager_execution()
    steps = int(arguments[0].partition("=")[2]) if arguments[0].startswith("--prove=") else 0
    found = {}
    for name in arguments[1 if steps else 0 :]:
        target = target_of(name)
        try:
            translated = translation.translate(target)
            found[name] = source = translated.source()
        except Refusal as refusal:
            found[name] = f"refused: {refusal}"
            continue
        if steps:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "loop.py")
                Path(path).write_text(source, encoding="utf-8")
                verdict = translation.prove(target, path, inputs=translated.inputs, steps=steps)
            found[name] = verdict.outcome.value
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
