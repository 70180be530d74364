"""The SavedModel of a written loop against the Estimator's: signatures, inputs and outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.pythons import ROOT

SEVERAL = {"serving_default": ["is_high", "price"], "high": ["output"]}
SIGNATURES = {
    "raw": {"serving_default": ["is_high", "price"]},
    "several": SEVERAL,
    "examples": {**SEVERAL, "regression": ["outputs"]},  # needs serialized examples
}


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("case", ["several", "raw", "examples"])
def test_exports(case: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrate.translating.exports", str(tmp_path), case],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["legacy"] == SIGNATURES[case]
    assert found["own"] == SIGNATURES[case]
    assert found["difference"] <= 1e-6
