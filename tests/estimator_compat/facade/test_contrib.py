"""Symbols of `tf.contrib` return what they returned on TensorFlow 1.15.5 (`record.py`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.recording import pythons

pytestmark = pytest.mark.subprocess

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "recordings" / "contrib.json").read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of the programs under the facade, run as one legacy program."""
    out = tmp_path_factory.mktemp("contrib") / "results.json"
    command = [*pythons.with_tensorflow(), "-m", "estimator_compat", "run"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run(
        [*command, str(HERE / "contrib_main.py"), "--", f"--out={out}"],
        capture_output=True,
        text=True,
        cwd=HERE.parents[2],
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Returns the leaves of a nested value by path."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        leaves: dict[str, Any] = {}
        for name, one in parts:
            leaves.update(flat(one, f"{path}.{name}"))
        return leaves
    return {path: value}


@pytest.mark.parametrize("program", RECORDED)
def test_as_tensorflow_1_15(results: dict[str, Any], program: str) -> None:
    found, recorded = flat(results[program]), flat(RECORDED[program])
    texts = {path: value for path, value in recorded.items() if isinstance(value, str)}
    assert {path: value for path, value in found.items() if isinstance(value, str)} == texts
    numbers = {path: value for path, value in recorded.items() if path not in texts}
    found_numbers = {path: value for path, value in found.items() if path not in texts}
    assert found_numbers == pytest.approx(numbers, rel=1e-5, abs=1e-6)


def test_every_program_is_recorded(results: dict[str, Any]) -> None:
    assert results.keys() == RECORDED.keys()
