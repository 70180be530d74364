"""Compares the inputs of a written module with those of the legacy program.

Every other stage gives both sides the same batches, so that none of them sees the module's input.
"""

import dataclasses
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from estimator_compat import legacy_keras
from migrate.batch import Batch
from migrate.targets import Target
from migrate.verifying import input_reader
from migrate.verifying.batches import Batches, materialize
from migrate.verifying.comparison import compare
from migrate.verifying.stages import leaves
from migrate.verifying.verdict import Comparison, Outcome, Stage, skipped_stage, stage

_BATCHES = 3
_TOLERANCE = 1e-6


def compared(target: Target, path: str, inputs: Mapping[str, str]) -> Stage:
    """Compares the first batches of each mode.

    Args:
      target: The legacy program.
      path: The path of the module.
      inputs: The source of the dataset of each mode in the module.
    """
    found, error = _read(path, list(inputs.values()))
    if error:
        return skipped_stage("inputs", f"the module could not be read: {error}")
    comparisons: list[Comparison] = []
    notes: list[str] = []
    count = 0
    for mode, batches in zip(inputs, found, strict=True):
        if batches is None:
            notes.append(f"the input of {mode!r} is a place to fill in")
            continue
        first, second = (_legacy(target, mode, seed) for seed in (1, 2))
        is_fixed = not any(
            one.outcome is not Outcome.IDENTICAL
            for one in _of_mode(mode, first.values, second.values, is_fixed=True)
        )
        if not is_fixed:
            notes.append(f"the input of {mode!r} is drawn at random: dtypes and ranks are compared")
        comparisons += _of_mode(mode, first.values, batches, is_fixed=is_fixed)
        count += len(first.values)
    modes = ", ".join(repr(mode) for mode in inputs)
    return stage("inputs", f"the first {count} batches of {modes}", comparisons, notes)


def _legacy(target: Target, mode: str, seed: int) -> Batches:
    config = target.run_config.replace(tf_random_seed=seed)
    return materialize(dataclasses.replace(target, config=config), mode, _BATCHES)


def _of_mode(mode: str, reference: Any, subject: Any, *, is_fixed: bool) -> list[Comparison]:
    if isinstance(subject, str):
        return [_different(mode, f"the module's input raised {subject}")]
    if len(reference) != len(subject):
        note = f"{len(reference)} batches in the legacy input, {len(subject)} in the module's"
        return [_different(mode, note)]
    comparisons = []
    for index, (one, other) in enumerate(zip(reference, subject, strict=True)):
        expected, actual = _arrays(one), _arrays(other)
        if expected.keys() != actual.keys():
            note = f"{', '.join(expected)} in the legacy input, {', '.join(actual)} in the module's"
            return [_different(mode, note)]
        for name, value in expected.items():
            where = f"{mode}, batch {index + 1}: {name}"
            if is_fixed:
                comparisons.append(
                    compare(where, value, actual[name], tolerance=_TOLERANCE, smallest=1e-30)
                )
            else:
                same = (value.dtype, value.ndim) == (actual[name].dtype, actual[name].ndim)
                outcome = Outcome.IDENTICAL if same else Outcome.DIFFERENT
                note = "" if same else f"{value.dtype} of rank {value.ndim} in the legacy input"
                comparisons.append(Comparison(name=where, outcome=outcome, note=note))
    return comparisons


def _different(mode: str, note: str) -> Comparison:
    return Comparison(name=mode, outcome=Outcome.DIFFERENT, note=note)


def _arrays(element: Any) -> dict[str, np.ndarray]:
    """Returns the arrays of features and labels by their names."""
    batch = Batch.of(element)
    nest = {"features": batch.features} | ({} if batch.labels is None else {"labels": batch.labels})
    return dict(leaves(_plain(nest)))


def _plain(nest: Any) -> Any:
    """Returns a nest with lists for the parts of sparse tensors."""
    if hasattr(nest, "dense_shape"):
        return [nest.indices, nest.values, nest.dense_shape]
    if isinstance(nest, Mapping):
        return {key: _plain(value) for key, value in nest.items()}
    return [_plain(value) for value in nest] if isinstance(nest, list | tuple) else nest


def _read(path: str, expressions: list[str]) -> tuple[list[Any], str]:
    """Returns the batches of the module's datasets, and the error if there are none."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "batches")
        folders = [os.path.abspath(one) for one in sys.path]
        environment = {
            **legacy_keras.environment_without_request(),
            "PYTHONPATH": os.pathsep.join(folders),
        }
        done = subprocess.run(
            [sys.executable, input_reader.__file__, path, str(output), str(_BATCHES), *expressions],
            capture_output=True,
            text=True,
            env=environment,
        )
        if done.returncode:
            return [], (done.stderr.splitlines() or ["no message"])[-1]
        found: list[Any] = pickle.loads(output.read_bytes())
        return found, ""
