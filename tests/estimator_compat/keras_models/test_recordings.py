"""Compares `model_to_estimator` with recordings of TensorFlow 2.15.1, within 1e-6.

TF2.15_PYTHON -m tests.estimator_compat.keras_models.runner --api=keras --out=RECORDING
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.recording import programs as processes
from tests.recording import pythons

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recordings" / "tensorflow_2_15_1.json").read_text()
)
# One of each kind; the others are sweeps.
OFTEN = ("batch_normalization", "weighted_outputs")


@functools.cache
def runs(names: tuple[str, ...]) -> dict[str, Any]:
    python, module = pythons.with_tensorflow(), "tests.estimator_compat.keras_models.runner"
    return processes.run("Keras models", python, module, *names)


def differences(run: Any, recorded: Any, place: str = "") -> list[str]:
    """Lists where two JSON values differ by more than 1e-6 of the larger one, or of 1."""
    if isinstance(recorded, dict):
        if not isinstance(run, dict) or sorted(run) != sorted(recorded):
            return [f"{place}: {run!r:.300} instead of {recorded!r:.300}"]
        return [x for key in run for x in differences(run[key], recorded[key], f"{place}/{key}")]
    numbers = isinstance(recorded, float) or (
        isinstance(recorded, list) and any(isinstance(each, float) for each in recorded)
    )
    if numbers and np.shape(run) == np.shape(recorded):
        is_same = np.allclose(run, recorded, rtol=1e-6, atol=1e-6)
    else:
        is_same = run == recorded
    return [] if is_same else [f"{place}: {run!r:.300} instead of {recorded!r:.300}"]


@pytest.mark.subprocess
@pytest.mark.parametrize("program", OFTEN)
def test_does_what_the_original_did(program: str) -> None:
    assert differences(runs(OFTEN)[program], RECORDED[program]) == []


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("program", [name for name in RECORDED if name not in OFTEN])
def test_the_other_models_do_what_the_original_did(program: str) -> None:
    others = tuple(name for name in RECORDED if name not in OFTEN)
    assert differences(runs(others)[program], RECORDED[program]) == []


def test_a_difference_is_found() -> None:
    recorded = {"losses": [1.0, 2.0], "names": ["a"]}
    assert differences({"losses": [1.0, 2.0 + 1e-7], "names": ["a"]}, recorded) == []
    assert len(differences({"losses": [1.0, 2.1], "names": ["b"]}, recorded)) == 2
    assert len(differences({"losses": [1.0, 2.0]}, recorded)) == 1
