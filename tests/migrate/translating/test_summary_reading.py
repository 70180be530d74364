"""The summaries of a written loop: what it shows, at which steps, and what it leaves out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.pythons import ROOT


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_written_loop_has_the_legacy_summaries(tmp_path: Path) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrate.translating.summaries", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    # An Estimator writes summaries after the first step of a training, then every third one.
    steps = {step for _, step in found["legacy"]}
    assert steps == {1, 4, 7}
    own = {tuple(one) for one in found["own"]}
    missing = {tag for tag, step in found["legacy"] if (tag, step) not in own}
    assert missing == {"a", "b"}  # made in a loop
    assert [one.partition(" (")[0] for one in found["left out"]] == [
        "the scalar summary 'a'",
        "the scalar summary 'b'",
    ]
    more = {tag for tag, _ in own} - {tag for tag, _ in found["legacy"]}
    assert more == {"average_loss", "loss_per_example"}
    assert found["apart"] < 1e-5
    assert found["other bytes"] == []
