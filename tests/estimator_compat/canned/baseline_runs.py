"""The baseline estimators of TensorFlow 2 under a given Estimator API.

    python -m tests.estimator_compat.canned.baseline_runs --api=tensorflow:compat.v2.estimator \
        --out=tests/estimator_compat/canned/recordings/baseline_2_15_1.json

Beside the weights, there is one feature: with several, those of TensorFlow 2.15.1 fail. Their bias
has an initial value that waits for the check that all features have as many examples, and so for an
iterator that is not initialized yet.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tests.estimator_compat.canned import canned_runs
from tests.estimator_compat.canned.canned_runs import CLASSES, KINDS, NUMBERS
from tests.recording import estimator_apis

WORDS = {"n_classes": 3, "label_vocabulary": ["ant", "bee", "cat"], "weight_column": "w"}
SUM = {"weight_column": "w", "optimizer": "Adam", "loss_reduction": "sum"}


def _sgd() -> Any:
    return tf.keras.optimizers.legacy.SGD(0.5)


def estimators(api: Any) -> canned_runs.Made:
    """The estimators by name: a function of the model_dir and the config, and the labels."""

    def made(make: Any, *arguments: Any, **more: Any) -> Any:
        return lambda folder, config: make(*arguments, model_dir=folder, config=config, **more)

    return {
        "classifier": (made(api.BaselineClassifier, **WORDS), KINDS),
        "binary": (made(api.BaselineClassifier, **SUM), CLASSES % 2),
        "regressor": (made(api.BaselineRegressor), NUMBERS),
        "estimator": (made(api.BaselineEstimator, api.MultiClassHead(3), optimizer=_sgd), CLASSES),
    }


def _plain(value: Any) -> Any:
    if value.dtype == object:
        return [one.decode() for one in value.ravel()]
    return value.tolist()


def run(api: Any, name: str, folder: str) -> Any:
    """Trains and evaluates one of the estimators, and asks it for predictions."""
    make, labels = estimators(api)[name]
    # The others take weights for a feature, also a regressor with a `weight_column`.
    keys = ("x", "w") if name in ("classifier", "binary") else ("x",)
    features = {key: canned_runs.FEATURES[key] for key in keys}

    def input_fn() -> Any:
        return tf.data.Dataset.from_tensor_slices((features, labels)).batch(4)

    estimator = make(folder, api.RunConfig(tf_random_seed=1))
    estimator.train(input_fn)  # three batches, the last of them short
    metrics = estimator.evaluate(input_fn)
    predicted = next(iter(estimator.predict(input_fn)))
    names = estimator.get_variable_names()
    return {
        "variables": {one: _plain(np.asarray(estimator.get_variable_value(one))) for one in names},
        "metrics": {key: float(value) for key, value in sorted(metrics.items())},
        "predicted": {key: _plain(np.asarray(value)) for key, value in sorted(predicted.items())},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    api = estimator_apis.find(options.api)
    with tempfile.TemporaryDirectory() as folder:
        found = {name: run(api, name, f"{folder}/{name}") for name in estimators(api)}
    Path(options.out).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
