"""Verifies one golden program, hosted, and prints the verdict as JSON.

    python -m tests.migrate.verifying.golden_runner default_reduction 100

Legacy programs change how tensors compare, for the whole process, so each has a separate process.
"""

import importlib
import json
import sys

import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.hosting import eager_mode
from tests.golden.runner import CONFIG


def main(name: str, steps: str) -> None:
    eager_mode.keep_eager_execution()
    tf.estimator = tf1.estimator = estimator_compat
    program = importlib.import_module(f"tests.golden.programs.{name}")
    target = migrate.Target(
        model_fn=program.model_fn,
        input_fns={
            "train": program.train_input_fn,
            "eval": program.eval_input_fn,
            "infer": program.predict_input_fn,
        },
        params=getattr(program, "PARAMS", None),
        config=estimator_compat.RunConfig(**CONFIG),
    )
    verdict = migrate.verify(
        target,
        steps=int(steps),
        eval_steps=getattr(program, "EVAL_STEPS", 100),
        predict_steps=3,
    )
    print(json.dumps(verdict.to_json()))


if __name__ == "__main__":
    main(*sys.argv[1:])
