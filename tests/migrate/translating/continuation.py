"""Trains the penguins with an Estimator, and goes on in the written loop; prints the differences.

    python -m tests.migrate.translating.continuation FOLDER

50 steps by the Estimator and 50 by the loop, from its checkpoint, are held to 100 steps by the
Estimator. Printed is the largest difference of each variable, relative to its largest number.
"""

import importlib.util
import json
import os
import sys
from typing import Any

import numpy as np
import tensorflow as tf

import estimator_compat
from estimator_compat.examples import penguins
from migrate import examples, translation
from migrate.hosting import eager_mode


def _input_fn(skip: int = 0) -> Any:
    birds = tf.data.Dataset.from_tensor_slices(penguins.read_birds(held_out=False))
    return birds.repeat().batch(32).skip(skip)


def _train(folder: str, steps: int) -> Any:
    target = examples.penguins()
    config = estimator_compat.RunConfig(model_dir=folder, tf_random_seed=1)
    run = estimator_compat.Estimator(target.model_fn, config=config, params=target.params)
    return run.train(_input_fn, steps=steps)


def main(folder: str) -> None:
    """Prints the differences as JSON."""
    eager_mode.keep_eager_execution()
    path = os.path.join(folder, "loop.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(translation.translate(examples.penguins()).source())
    half = os.path.join(folder, "half")
    _train(half, 50)
    whole = _train(os.path.join(folder, "whole"), 100)
    spec = importlib.util.spec_from_file_location("loop", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loop = module.Loop()
    loop.restore_legacy(half)
    assert int(loop.global_step) == 50
    for batch in _input_fn(skip=50).take(50):
        loop.train_step(*batch)
    found = {}
    for name, variable in loop.variables.items():
        expected, value = whole.get_variable_value(name), variable.numpy()
        largest = float(np.max(np.abs(expected)))
        found[name] = float(np.max(np.abs(value - expected))) / (largest or 1.0)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
