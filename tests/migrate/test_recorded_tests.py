"""Tests for migrate.recorded_tests: the tests of written loops, on loops with planted mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrate import recorded_tests
from tests.migrate.planted_mistakes import MISTAKES
from tests.recording.pythons import ROOT

SOME = ["reduction", "a weight dropped", "epsilon"]


def _planted(folder: Path, *names: str) -> dict[str, Any]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrate.planted_mistakes", str(folder), *names],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_right_loop_passes_and_mistakes_are_found(tmp_path: Path) -> None:
    found = _planted(tmp_path, *SOME)
    assert found["right"] == []
    assert [name for name, failures in found["mistakes"].items() if not failures] == []
    text = (tmp_path / "test_loop.py").read_text()
    assert "5 batches of 8, 8, 5, 8 and 8 examples, in 2 epochs" in " ".join(text.split())
    with np.load(tmp_path / "test_loop.npz") as recorded:
        assert len(recorded["losses"]) == 10
        assert np.count_nonzero(recorded["train/4/0/weight"]) == 4
        assert np.all(recorded["start/logits/bias"] != 0.0)
        assert np.all(recorded["start/norm/moving_mean"] > 0.0)


@pytest.mark.slow
@pytest.mark.subprocess
def test_all_mistakes_are_found(tmp_path: Path) -> None:
    found = _planted(tmp_path)
    assert found["right"] == []
    assert found["mistakes"].keys() == MISTAKES.keys()
    assert [name for name, failures in found["mistakes"].items() if not failures] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("keras.layers.Dropout(0.1)", True),
        ("keras.layers.GaussianNoise(0.1)", False),
        ("keras.layers.SpatialDropout1D(0.1)", False),
        ("x = self.dropout(x)", True),
        ("tf.nn.dropout(x, 0.1)", False),
        ("tf.random.normal([3])", False),
    ],
)
def test_which_loops_draw_for_dropout_only(source: str, expected: bool) -> None:
    assert (recorded_tests._OTHER_DRAWS.search(source) is None) is expected
