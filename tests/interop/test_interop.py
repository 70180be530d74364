"""Checkpoints go both ways between this package and the real Estimator.

The checkpoints of the real Estimator were recorded (`record.py`). To test how the real Estimator
continues from our checkpoints, the environment variables below must name an interpreter that has
it. Kernels differ, so numbers agree within 1e-6 of the largest magnitude of their array. Steps,
names, shapes, tags and files are equal.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.golden.compare import differences
from tests.interop import record
from tests.recording import pythons

pytestmark = pytest.mark.subprocess

OURS = "estimator_compat"
INTERPRETERS = {
    "2.15.1": "ESTIMATOR_COMPAT_TF215_PYTHON",
    "1.15.5": "ESTIMATOR_COMPAT_TF115_PYTHON",
}
ASPECTS = (
    "start",
    "losses",
    "variables",
    "shapes",
    "evaluation",
    "predictions",
    "checkpoint",
    "events",
    "eval_events",
    "files",
)

Run = dict[str, Any]


def _differences(aspect: str, run: Run, recorded: Run) -> list[str]:
    sides = ({key: side[key] for key in ("platform", aspect)} for side in (run, recorded))
    return differences(*sides)


@pytest.fixture(scope="module", params=INTERPRETERS)
def resumed_here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Run]:
    """Our continuation of a recorded checkpoint, and the recorded one."""
    model_dir = tmp_path_factory.mktemp("resumed") / "model"
    shutil.copytree(record.CHECKPOINTS / request.param, model_dir)
    recorded = json.loads((record.RECORDINGS / f"{request.param}.json").read_text())
    return record.run(pythons.with_tensorflow(), OURS, model_dir, record.LAST_STEP), recorded


@pytest.mark.parametrize("aspect", ASPECTS)
def test_resumes_a_checkpoint_of_the_real_estimator(
    resumed_here: tuple[Run, Run], aspect: str
) -> None:
    assert _differences(aspect, *resumed_here) == []


def test_the_recorded_run_did_continue(resumed_here: tuple[Run, Run]) -> None:
    _, recorded = resumed_here
    assert recorded["start"] == record.FIRST_STEPS
    assert [step for step, _ in recorded["losses"]] == [7, 8, 9, 10, 11, 12, 13]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder that we trained, whole, and our own continuation of a copy of it."""
    folder = tmp_path_factory.mktemp("ours")
    model_dir, continued = folder / "model", folder / "continued"
    record.run(pythons.with_tensorflow(), OURS, model_dir, record.FIRST_STEPS)
    shutil.copytree(model_dir, continued)
    return model_dir, record.run(pythons.with_tensorflow(), OURS, continued, record.LAST_STEP)


def _interpreter(version: str) -> str:
    variable = INTERPRETERS[version]
    if variable not in os.environ:
        pytest.skip(
            f"{variable} is not set; set it to the path of a Python that has tensorflow {version} "
            "to see the real Estimator resume a checkpoint of ours"
        )
    return os.environ[variable]


@pytest.fixture(scope="module", params=INTERPRETERS)
def resumed_there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Run]:
    """The real Estimator's continuation of a folder of ours, and our own."""
    python = _interpreter(request.param)
    trained, continued = request.getfixturevalue("ours")
    model_dir = tmp_path_factory.mktemp("there") / "model"
    shutil.copytree(trained, model_dir)
    theirs = record.run([python], record.THE_REAL_ONE, model_dir, record.LAST_STEP)
    assert theirs["platform"] == request.param
    return continued, theirs


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_real_estimator_resumes_a_checkpoint_of_ours(
    resumed_there: tuple[Run, Run], aspect: str
) -> None:
    assert _differences(aspect, *resumed_there) == []
