"""Loops that are written for the replicas of a strategy, against the Estimator on as many."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.pythons import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]


def test_two_replicas_train_as_those_of_the_estimator(tmp_path: Path) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrate.translating.replicas", str(tmp_path)],
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["loop"] == found["reference"]
    # Batches of 5, 5, 5, 5 and 4 examples, for two replicas.
    assert found["examples"] == [10, 10, 9, 10, 9, 10]
    assert set(found["differences"].values()) == {0.0}
    assert "table/Momentum" in found["differences"]
