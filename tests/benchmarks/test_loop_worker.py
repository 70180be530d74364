"""The contestants of the loop benchmark do the same work. No test here depends on a clock."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import interleaving, loop_worker
from tests.benchmarks.models import MODELS, input_fn
from tests.benchmarks.run_host import MODELS as MEASURED
from tests.recording import pythons

# What tells the loops apart is the same in every model; Adam and attention take most of the time.
SWEPT = {"bert"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SWEPT else []) for n in MEASURED]
)
def test_the_loop_by_hand_trains_as_the_hosted_one(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    hosted = loop_worker.hosted(model, str(tmp_path / "hosted"), jit_compile=False)
    by_hand = loop_worker.HandWritten(model, str(tmp_path / "by_hand"), jit_compile=False)
    hosted.graph("train")
    for key, variable in by_hand.variables.known.items():
        variable.assign(hosted.variables[key])
    dataset = input_fn(model)
    ours = hosted.train(dataset, steps=5, steps_per_loop=3)
    theirs = by_hand.train(dataset, steps=5, steps_per_loop=3)
    np.testing.assert_allclose(theirs, ours, rtol=1e-4)
    # Adam moves a weight without a gradient by the sign of its rounding errors: 5 steps, 2 * 0.001.
    atol = 1e-2 if model.optimizer[0] == "Adam" else 1e-6
    for key, variable in by_hand.variables.known.items():
        np.testing.assert_allclose(variable, hosted.variables[key], atol=atol, err_msg=key)
    for folder in ("hosted", "by_hand"):
        assert list((tmp_path / folder).glob("ckpt-5.index"))
        assert list((tmp_path / folder).glob("events*"))


@pytest.mark.subprocess
def test_a_worker_makes_blocks_and_new_runs() -> None:
    result = subprocess.run(
        [*pythons.with_tensorflow(), "-m", "tests.benchmarks.loop_worker", "small", "hosted"],
        input="3 without\nnew\n4 without\n",
        cwd=interleaving.ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    blocks = [json.loads(line) for line in result.stdout.splitlines()]
    assert [block["steps"] for block in blocks] == [3, 4]
    assert all(block["memory"] > 50 * 1024 for block in blocks)  # KiB: TensorFlow alone takes more


@pytest.mark.subprocess
@pytest.mark.slow
def test_the_host_rung_is_measured() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.run_host", "--models", "small"]
    result = subprocess.run(
        [*command, "--effort=0.01x1x2", "--jit_compile"],
        cwd=interleaving.ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    for label in ("loop by hand", "Run rung", "hosted loop, jit_compile", "peak memory times"):
        assert label in result.stdout
