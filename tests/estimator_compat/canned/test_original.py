"""Canned estimators beside those of TensorFlow 2.15.1: checkpoints both ways, and SavedModels.

`recordings/tensorflow_2_15_1.json` has the names and shapes in the checkpoints there, and the
signatures of the SavedModels (`canned_runs`). With ESTIMATOR_COMPAT_TF215_PYTHON, a Python with
TensorFlow 2.15.1, its estimators train beside ours.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import estimator_compat
from estimator_compat import v1
from estimator_compat.mode_keys import ModeKeys
from migrate import targets
from tests.estimator_compat.canned import canned_runs
from tests.recording import programs, pythons

PYTHON = "ESTIMATOR_COMPAT_TF215_PYTHON"
RECORDED = json.loads((Path(__file__).parent / "recordings/tensorflow_2_15_1.json").read_text())
MADE = canned_runs.estimators(estimator_compat, v1)
OURS = ("--api", "estimator_compat", "--v1", "estimator_compat.v1")
ORIGINAL = ("--api", "tensorflow:compat.v2.estimator", "--v1", "tensorflow:compat.v1.estimator")


@pytest.mark.parametrize("name", MADE)
def test_a_checkpoint_has_the_names_of_the_original(name: str) -> None:
    make, labels = MADE[name]
    estimator = make("", estimator_compat.RunConfig(tf_random_seed=1))
    target = targets.Target.from_estimator(estimator, lambda: canned_runs.input_fn(labels))
    built = targets.build(target, ModeKeys.TRAIN)
    found: dict[str, list[int]] = {}
    for variable in built.graph.get_collection("variables"):
        part = variable._save_slice_info
        key = part.full_name if part is not None else variable.op.name
        found[key] = list(part.full_shape) if part is not None else variable.shape.as_list()
    recorded = RECORDED[name]["variables"]
    # A slot of a partitioned variable is saved in parts that TensorFlow cannot join.
    assert found == {k: found.get(k) if v == "a part" else v for k, v in recorded.items()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: Any) -> dict[str, Any]:
    """Trains there and goes on with both; goes back with what was trained here."""
    if not os.environ.get(PYTHON):
        pytest.skip(f"{PYTHON} does not name a Python with TensorFlow 2.15.1")
    folder = tmp_path_factory.mktemp("canned")
    there, here = folder / "there", folder / "here"

    def run(original: bool, place: Path, steps: int) -> Any:
        python = (os.environ[PYTHON],) if original else pythons.with_tensorflow()
        given = ("--folder", str(place), "--steps", str(steps))
        module = "tests.estimator_compat.canned.canned_runs"
        api = ORIGINAL if original else OURS
        return programs.run("canned", python, module, *api, *given, foreign=original)

    run(True, there, 3)
    shutil.copytree(there, here)
    return {"there": run(True, there, 3), "here": run(False, here, 3), "back": run(True, here, 0)}


def assert_close(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_close(found[key], expected[key])
    elif isinstance(expected, list) and not _is_of_numbers(expected):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    elif isinstance(expected, str):
        assert found == expected
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def _is_of_numbers(values: list[Any]) -> bool:
    return bool(np.asarray(values, dtype=object).size) and _is_number(values)


def _is_number(value: Any) -> bool:
    return (
        all(map(_is_number, value)) if isinstance(value, list) else isinstance(value, int | float)
    )


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", MADE)
def test_training_goes_on_from_a_checkpoint_of_the_original(runs: Any, name: str) -> None:
    # The signatures, their inputs and outputs, and what they serve are among what is compared.
    assert_close(runs["here"][name], runs["there"][name])


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", MADE)
def test_the_original_goes_on_from_a_checkpoint_of_ours(runs: Any, name: str) -> None:
    assert_close(runs["back"][name], runs["here"][name])


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", MADE)
def test_the_recording_is_current(runs: Any, name: str) -> None:
    assert canned_runs.outline(runs["there"][name]) == RECORDED[name]


def test_every_kind_is_there() -> None:
    kinds = {type(make("", None)).__name__ for make, _ in MADE.values()}
    assert len(kinds) == 6
    assert sorted(RECORDED) == sorted(MADE)
    methods = {
        row[0].rpartition("/")[2] for one in RECORDED.values() for row in one["served"].values()
    }
    assert methods == {"classify", "predict", "regress"}
