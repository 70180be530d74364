"""Runs one scenario under one Estimator API and writes down what it returned.

python -m tests.scenarios.runner train_and_evaluate --estimator=estimator_compat --out run.json
"""

import argparse
import importlib
import json
import tempfile
from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.golden import runner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario")
    parser.add_argument("--estimator", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    module, _, attributes = options.estimator.partition(":")
    api = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        api = getattr(api, attribute)
    tf.estimator = tf1.estimator = api
    script = importlib.import_module(f"tests.scenarios.scripts.{options.scenario}")
    runner.move_the_step_after_its_read()
    with tempfile.TemporaryDirectory() as folder:
        observed = script.run(folder)
    options.out.write_text(json.dumps({**observed, "platform": runner.platform_at_hand()}))


if __name__ == "__main__":
    main()
