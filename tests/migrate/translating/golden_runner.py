"""Translates one golden program, and prints its source or its verdict.

    python -m tests.migrate.translating.golden_runner NAME [keras | tf_keras] [STEPS] [FILE]

With STEPS, the source is written to a temporary file and proved; the verdict is printed as JSON.
With FILE, that module is held to the program instead.
Legacy programs change how tensors compare, for the whole process, so each has a process of its own.
"""

import importlib
import json
import os
import sys
import tempfile

import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate import examples, translation
from migrate.hosting import eager_mode
from migrate.translating.refusal import Refusal
from tests.golden.runner import CONFIG


def target_of(name: str, folder: str) -> migrate.Target:
    """Returns a golden program, or the embedded example, as a target."""
    if name == "penguins":
        return examples.penguins()
    tf.estimator = tf1.estimator = estimator_compat
    program = importlib.import_module(f"tests.golden.programs.{name}")
    return migrate.Target(
        model_fn=program.model_fn,
        input_fns={
            "train": program.train_input_fn,
            "eval": program.eval_input_fn,
            "infer": program.predict_input_fn,
        },
        params=getattr(program, "PARAMS", None),
        config=estimator_compat.RunConfig(**CONFIG).replace(model_dir=folder),
    )


def main(name: str, keras: str = "keras", steps: str = "", file: str = "") -> None:
    """Prints a JSON object: `source`, `refusal` and `verdict`."""
    eager_mode.keep_eager_execution()
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, object] = {"source": None, "refusal": None, "verdict": None}
        target = target_of(name, folder)
        try:
            translated = translation.translate(target)
            found["source"] = source = translated.source(keras=keras)
        except Refusal as refusal:
            found["refusal"] = {"reason": refusal.reason, "line": refusal.line}
        else:
            if steps:
                path = file or os.path.join(folder, "loop.py")
                if not file:
                    with open(path, "w", encoding="utf-8") as written:
                        written.write(source)
                verdict = translation.prove(
                    target, path, inputs=translated.inputs, steps=int(steps)
                )
                found["verdict"] = verdict.to_json()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
