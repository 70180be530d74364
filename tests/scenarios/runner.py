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

from tests.recording import estimator_apis, platforms, training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario")
    parser.add_argument("--estimator", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    tf.estimator = tf1.estimator = estimator_apis.find(options.estimator)
    script = importlib.import_module(f"tests.scenarios.scripts.{options.scenario}")
    training.move_the_step_after_its_read()
    with tempfile.TemporaryDirectory() as folder:
        observed = script.run(folder)
    options.out.write_text(json.dumps({**observed, "platform": platforms.at_hand()}))


if __name__ == "__main__":
    main()
